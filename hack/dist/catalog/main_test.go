// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/operator-framework/api/pkg/manifests"
	"sigs.k8s.io/yaml"
)

const root = "../../.."

func TestTheCatalogHoldsEveryBundle(t *testing.T) {
	blobs := catalog(t, root+"/bundle", "../previous/0.1.0-alpha.1")
	b, err := manifests.GetBundleFromDir(root + "/bundle")
	if err != nil {
		t.Fatal(err)
	}
	csv := b.CSV
	if blobs[0].Schema != "olm.package" || blobs[0].Name != "meshingress" || blobs[0].DefaultChannel != "alpha" {
		t.Errorf("the package is %+v", blobs[0])
	}
	if blobs[0].Icon.Data != csv.Spec.Icon[0].Data || blobs[0].Description != csv.Annotations["description"] {
		t.Error("the package has not the icon and description of the newest bundle")
	}
	want := []entry{
		{Name: "meshingress.v0.1.0-alpha.1"},
		{Name: csv.Name, Replaces: csv.Spec.Replaces, SkipRange: csv.Annotations["olm.skipRange"]},
	}
	if diff := cmp.Diff(want, blobs[1].Entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestABundleInTwoChannelsIsInBoth(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(root+"/bundle")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "metadata", "annotations.yaml")
	two := strings.Replace(readFile(t, path), "channels.v1: alpha", "channels.v1: alpha,beta", 1)
	if err := os.WriteFile(path, []byte(two), 0o600); err != nil {
		t.Fatal(err)
	}
	entries := map[string]int{}
	for _, b := range catalog(t, "../previous/0.1.0-alpha.1", dir)[1:] {
		entries[b.Name] = len(b.Entries)
	}
	if diff := cmp.Diff(map[string]int{"alpha": 2, "beta": 1}, entries); diff != "" {
		t.Errorf("entries of each channel (-want +got):\n%s", diff)
	}
}

func TestWithoutBundlesThereIsNoCatalog(t *testing.T) {
	if err := run(&strings.Builder{}, nil); err == nil {
		t.Error("an empty catalog was written")
	}
	if err := run(&strings.Builder{}, []string{t.TempDir()}); err == nil {
		t.Error("an empty directory was taken for a bundle")
	}
}

// blob has the fields of a package and of a channel.
type blob struct {
	pkg
	Entries []entry `json:"entries"`
}

func catalog(t *testing.T, dirs ...string) []blob {
	t.Helper()
	out := &strings.Builder{}
	if err := run(out, dirs); err != nil {
		t.Fatal(err)
	}
	var blobs []blob
	for _, document := range strings.Split(out.String(), "---\n")[1:] {
		var b blob
		if err := yaml.Unmarshal([]byte(document), &b); err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, b)
	}
	return blobs
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
