// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package smallrepo

import (
	"os"
	"testing"
)

// Write copies the repository to a new directory, and returns that. It is for the tests of the
// packages directly in hack/dist.
func Write(tb testing.TB) string {
	tb.Helper()
	root := tb.TempDir()
	if err := os.CopyFS(root, os.DirFS("../internal/smallrepo/testdata")); err != nil {
		tb.Fatal(err)
	}
	return root
}
