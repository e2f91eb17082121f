// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package checksums

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is the name of the list.
const File = "SHA256SUMS"

// Write lists the files of dir and below, by path, in dir/SHA256SUMS.
func Write(dir string) error {
	var list strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == filepath.Join(dir, File) {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(content), filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return fmt.Errorf("hashing the files of %s: %w", dir, err)
	}
	if err := os.WriteFile(filepath.Join(dir, File), []byte(list.String()), 0o644); err != nil {
		return fmt.Errorf("writing the checksums: %w", err)
	}
	return nil
}
