// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package archive_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/hack/dist/archive"
)

func TestZipKeepsNamesModesAndContents(t *testing.T) {
	var written bytes.Buffer
	if err := archive.Zip(&written, time.Unix(0, 0), files...); err != nil {
		t.Fatal(err)
	}
	reader, err := zip.NewReader(bytes.NewReader(written.Bytes()), int64(written.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var got []archive.File
	for _, entry := range reader.File {
		if year := entry.Modified.UTC().Year(); year != 1980 {
			t.Errorf("%s is of the year %d, want the first that zip has", entry.Name, year)
		}
		opened, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, archive.File{Name: entry.Name, Mode: entry.Mode(), Content: content})
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Error(diff)
	}
}
