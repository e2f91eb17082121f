// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// copied says which files of the repository go into which folder of the chart. Templates
// can read no file outside of the chart.
func copied() map[string]string {
	return map[string]string{
		"config/admission/class_*.yaml": "files/admission",
		"config/crd/bases/*.yaml":       "files/crds",
		"config/grafana/*.json":         "files/grafana",
		"config/prometheus/rule.yaml":   "files/prometheus",
	}
}

// copyFiles makes the copies the only files of their folders.
func copyFiles(root string) error {
	for pattern, folder := range copied() {
		sources, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return fmt.Errorf("looking for %s: %w", pattern, err)
		}
		if len(sources) == 0 {
			return fmt.Errorf("there is no %s to copy", pattern)
		}
		target := filepath.Join(root, directory, folder)
		if err := replaceFolder(target, sources); err != nil {
			return err
		}
	}
	return nil
}

func replaceFolder(target string, sources []string) error {
	if err := os.RemoveAll(target); err != nil {
		return fmt.Errorf("emptying %s: %w", target, err)
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", target, err)
	}
	for _, source := range sources {
		content, err := os.ReadFile(source)
		if err != nil {
			return fmt.Errorf("reading what to copy: %w", err)
		}
		if err := os.WriteFile(filepath.Join(target, filepath.Base(source)), content, 0o644); err != nil {
			return fmt.Errorf("writing a copy: %w", err)
		}
	}
	return nil
}
