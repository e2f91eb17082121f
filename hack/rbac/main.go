// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
)

const directory = "config/rbac"

func main() {
	if err := run(directory); err != nil {
		fmt.Fprintln(os.Stderr, "rbac:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	descriptions, err := describeAll()
	if err != nil {
		return err
	}
	files, err := generate(descriptions)
	if err != nil {
		return err
	}
	return write(dir, files)
}

func describeAll() ([]providers.Description, error) {
	registry, err := all.New()
	if err != nil {
		return nil, err
	}
	var descriptions []providers.Description
	for _, p := range registry.All() {
		descriptions = append(descriptions, p.Describe())
	}
	return descriptions, nil
}

// write makes files the only generated ones in dir.
func write(dir string, files map[string][]byte) error {
	present, err := generatedIn(dir)
	if err != nil {
		return err
	}
	for _, name := range present {
		if _, keep := files[name]; !keep {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("removing what is no longer generated: %w", err)
			}
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// generatedIn lists the files in dir that begin with the header.
func generatedIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	var names []string
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading what is in %s: %w", dir, err)
		}
		if bytes.HasPrefix(content, []byte(header)) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
