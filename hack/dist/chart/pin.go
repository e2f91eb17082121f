// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Image is the manager's image that a chart installs by default.
type Image struct {
	// Repository is that of the image, with its registry, such as registry.example/manager.
	Repository string

	// Digest is that of the image, as sha256:…, which the chart names beside the tag. Default: it names the tag alone.
	Digest string
}

// Pin writes a copy of the chart of a folder into another folder, which must not be there,
// with an image as the default of its values. It leaves all else as it is, comments too.
func Pin(dir, target string, image Image) error {
	if err := os.CopyFS(target, os.DirFS(dir)); err != nil {
		return fmt.Errorf("copying the chart: %w", err)
	}
	path := filepath.Join(target, "values.yaml")
	values, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the values of the chart: %w", err)
	}
	if values, err = setValue(values, "repository", ".+", image.Repository); err != nil {
		return err
	}
	if image.Digest != "" {
		if values, err = setValue(values, "digest", `""`, image.Digest); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, values, 0o644); err != nil {
		return fmt.Errorf("writing the values of the chart: %w", err)
	}
	return nil
}

// setValue replaces a value of the second level, which must be there once and match a
// regular expression.
func setValue(values []byte, key, match, value string) ([]byte, error) {
	line := regexp.MustCompile(`(?m)^  ` + key + `: ` + match + `$`)
	if count := len(line.FindAll(values, -1)); count != 1 {
		return nil, fmt.Errorf("the chart has %d values %s: %s, want that of the image", count, key, match)
	}
	return line.ReplaceAllLiteral(values, []byte("  "+key+": "+value)), nil
}
