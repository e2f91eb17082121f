// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/loader"

	"github.com/meshingress/meshingress/hack/dist/chart"
)

func TestAPinnedChartDiffersInTheImageAlone(t *testing.T) {
	image := chart.Image{Repository: "registry.example:5000/m", Digest: "sha256:" + strings.Repeat("0", 64)}
	target := filepath.Join(t.TempDir(), "meshingress")
	if err := chart.Pin(dir, target, image); err != nil {
		t.Fatal(err)
	}
	before, err := loader.LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	after, err := loader.LoadDir(target)
	if err != nil {
		t.Fatal(err)
	}
	defaults := before.Values["image"].(map[string]any)
	defaults["repository"], defaults["digest"] = image.Repository, image.Digest
	if diff := cmp.Diff(before.Values, after.Values); diff != "" {
		t.Error(diff)
	}
	if got, want := imageOf(t, target), image.Repository+":v"+before.Metadata.AppVersion+"@"+image.Digest; got != want {
		t.Errorf("the image is %v, not %s", got, want)
	}
	if err := chart.Pin(target, filepath.Join(t.TempDir(), "again"), image); err == nil {
		t.Error("a digest was replaced by another")
	}
}

// imageOf is the image that the chart of a folder installs by default.
func imageOf(t *testing.T, dir string) any {
	t.Helper()
	r := chart.Release{Dir: dir, Name: release, Namespace: namespace, KubeVersion: kubeVersion}
	result, err := r.Render(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return field(t, find(t, result.Objects, manager).Object, container+"image")
}
