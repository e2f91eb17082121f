// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/meshingress/meshingress/providers/all"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "rbac:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	descriptions, err := all.Describe()
	if err != nil {
		return err
	}
	files, err := generate(descriptions)
	if err != nil {
		return err
	}
	return write(root, files)
}

// write makes files the only generated ones below root. Their names are paths in it.
func write(root string, files map[string][]byte) error {
	present, err := generatedIn(root)
	if err != nil {
		return err
	}
	for _, name := range present {
		if _, keep := files[name]; !keep {
			if err := os.Remove(filepath.Join(root, name)); err != nil {
				return fmt.Errorf("removing what is no longer generated: %w", err)
			}
		}
	}
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making the directory of %s: %w", name, err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// generatedIn lists the files below the directories of root that are written here which
// begin with the header, as paths in root.
func generatedIn(root string) ([]string, error) {
	var names []string
	for _, dir := range []string{rbacDir, filepath.Dir(chartFile)} {
		err := fs.WalkDir(os.DirFS(root), dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(filepath.Join(root, path))
			if bytes.HasPrefix(content, []byte(header)) {
				names = append(names, path)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("looking for what was generated in %s: %w", dir, err)
		}
	}
	return names, nil
}
