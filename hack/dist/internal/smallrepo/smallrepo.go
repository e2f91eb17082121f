// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package smallrepo

import (
	"os"
	"path/filepath"
	"testing"
)

// program prints its version, whatever it is asked, to standard error. It imports nothing,
// so that there is little to compile for each platform.
const program = `package main

var version = "dev"

func main() { println(version) }
`

// Write writes the repository to a new directory, and returns that.
func Write(tb testing.TB) string {
	tb.Helper()
	root := tb.TempDir()
	for name, content := range map[string]string{
		"go.mod":                          "module example.com/small\n\ngo 1.26\n",
		"cmd/manager/main.go":             program,
		"cmd/kubectl-meshingress/main.go": program,
		"LICENSE":                         "Do what you like.\n",
		"docs/changes/first.md":           "There is something at last.\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return root
}
