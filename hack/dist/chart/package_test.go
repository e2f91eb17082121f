// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/chart/v2/loader"

	"github.com/meshingress/meshingress/hack/dist/chart"
)

func TestTheSameChartIsTheSamePackage(t *testing.T) {
	// A later checkout has other times.
	copied := filepath.Join(t.TempDir(), "meshingress")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	later := time.Unix(2_000_000_000, 0)
	err := filepath.WalkDir(copied, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, later, later)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(packageOf(t, dir), packageOf(t, copied)) {
		t.Error("the packages differ")
	}
}

func packageOf(t *testing.T, dir string) []byte {
	t.Helper()
	path, err := chart.Package(dir, t.TempDir(), "1.2.3", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loader.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
