// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

const dir = "../../../charts/meshingress"

// A release may be of any version, and its image in any registry.
func TestThePackageIsOfTheRelease(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	cases := map[string]struct {
		args []string
		want map[string]any // version, repository and digest
	}{
		"by tag": {
			args: []string{"-version", "9.8.7"},
			want: map[string]any{"version": "9.8.7", "repository": "meshingress/manager", "digest": ""},
		},
		"by digest, from another registry": {
			args: []string{"-version", "9.8.7", "-manager", "registry.example:5000/team/m", "-digest", digest},
			want: map[string]any{"version": "9.8.7", "repository": "registry.example:5000/team/m", "digest": digest},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			path, err := run(append([]string{"-chart", dir, "-out", t.TempDir()}, tc.args...))
			if err != nil {
				t.Fatal(err)
			}
			if base := filepath.Base(path); base != "meshingress-9.8.7.tgz" {
				t.Errorf("the package is %s", base)
			}
			packed, err := loader.LoadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if packed.Metadata.AppVersion != packed.Metadata.Version {
				t.Errorf("chart %s installs operator %s", packed.Metadata.Version, packed.Metadata.AppVersion)
			}
			image := packed.Values["image"].(map[string]any)
			got := map[string]any{
				"version": packed.Metadata.Version, "repository": image["repository"], "digest": image["digest"],
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsWrongIsAnError(t *testing.T) {
	cases := map[string]struct {
		epoch string
		args  []string
		want  string
	}{
		"no version": {"", nil, "-version"},
		"a bad time": {"yesterday", []string{"-version", "1.0.0"}, "SOURCE_DATE_EPOCH"},
		"no chart":   {"", []string{"-version", "1.0.0", "-chart", "none"}, "copying the chart"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SOURCE_DATE_EPOCH", tc.epoch)
			_, err := run(append([]string{"-chart", dir, "-out", t.TempDir()}, tc.args...))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one about %s", err, tc.want)
			}
		})
	}
}
