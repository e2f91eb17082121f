// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package archive_test

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/hack/dist/archive"
)

var files = []archive.File{
	{Name: "run", Mode: 0o755, Content: []byte("#!/bin/sh\n")},
	{Name: "share/doc/LICENSE", Mode: 0o644, Content: []byte("Do what you like.\n")},
}

// The programs that users unpack with read what is written.
func TestOtherProgramsReadTheArchives(t *testing.T) {
	when := time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		write func(io.Writer, time.Time, ...archive.File) error
		list  []string
		want  []string
	}{
		"tar": {
			write: archive.Tar, list: []string{"tar", "--utc", "-tv"},
			want: []string{
				"drwxr-xr-x 0/0 0 2026-11-22 10:00 share/",
				"drwxr-xr-x 0/0 0 2026-11-22 10:00 share/doc/",
				"-rwxr-xr-x 0/0 10 2026-11-22 10:00 run",
				"-rw-r--r-- 0/0 18 2026-11-22 10:00 share/doc/LICENSE",
			},
		},
		"tar.gz": {
			write: archive.TarGz, list: []string{"tar", "-tz"},
			want: []string{"share/", "share/doc/", "run", "share/doc/LICENSE"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var written bytes.Buffer
			if err := tc.write(&written, when, files...); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tc.list[0], tc.list[1:]...)
			cmd.Stdin = &written
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var got []string
			for line := range strings.Lines(string(out)) {
				got = append(got, strings.Join(strings.Fields(line), " "))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
