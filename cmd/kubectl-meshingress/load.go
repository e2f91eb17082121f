// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/meshingress/meshingress/internal/render"
)

// stdinPath stands for standard input.
const stdinPath = "-"

// load reads all documents of files, directories and standard input.
func load(paths []string, recursive bool, stdin io.Reader) ([]render.Document, error) {
	var docs []render.Document
	for _, path := range paths {
		found, err := loadPath(path, recursive, stdin)
		if err != nil {
			return nil, err
		}
		docs = append(docs, found...)
	}
	return docs, nil
}

func loadPath(path string, recursive bool, stdin io.Reader) ([]render.Document, error) {
	if path == stdinPath {
		return render.Parse("standard input", stdin)
	}
	files, err := listFiles(path, recursive)
	if err != nil {
		return nil, err
	}
	var docs []render.Document
	for _, name := range files {
		found, err := loadFile(name)
		if err != nil {
			return nil, err
		}
		docs = append(docs, found...)
	}
	return docs, nil
}

func loadFile(name string) ([]render.Document, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return render.Parse(name, file)
}

// listFiles returns the file itself, or a directory's manifests in order of name.
func listFiles(path string, recursive bool) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != path && !recursive:
			return fs.SkipDir
		case !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)):
			files = append(files, name)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s holds no *.yaml, *.yml or *.json", path)
	}
	return files, err
}
