// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"

	"github.com/meshingress/meshingress/hack/dist/internal/olmbundle"
)

var release = olmbundle.Options{Version: "1.2.3", Replaces: "1.2.2", Image: "example/manager:v1.2.3", Channel: "alpha"}

func TestTwoRunsWriteTheSameBytes(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1000000000")
	var written []map[string]string
	for range 2 {
		out := filepath.Join(t.TempDir(), "bundle")
		if err := run(root, out, release); err != nil {
			t.Fatal(err)
		}
		written = append(written, readAll(t, filepath.Dir(out)))
	}
	if diff := cmp.Diff(written[0], written[1]); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	if csv := written[0]["bundle/manifests/meshingress.clusterserviceversion.yaml"]; !strings.Contains(csv, "2001-09-09T01:46:40Z") {
		t.Error("createdAt is not the time of SOURCE_DATE_EPOCH")
	}
	if !strings.Contains(written[0]["bundle.Dockerfile"], "COPY bundle/manifests /manifests/") {
		t.Error("the recipe of the image does not copy the manifests")
	}
}

func TestWhatWasInTheDirectoryGoes(t *testing.T) {
	out := filepath.Join(t.TempDir(), "bundle")
	stale := filepath.Join(out, "manifests", "gone.yaml")
	if err := write(stale, []byte("kind: ConfigMap")); err != nil {
		t.Fatal(err)
	}
	if err := run(root, out, release); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("a file of before is still there: %v", err)
	}
}

func TestABadTimeIsAnError(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if err := run(root, filepath.Join(t.TempDir(), "bundle"), release); err == nil {
		t.Error("SOURCE_DATE_EPOCH=yesterday was taken")
	}
}

// A released bundle is never changed: clusters have it by its name.
func TestReleasedBundlesAreAsReleased(t *testing.T) {
	sums, err := os.ReadFile("../previous/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for path, content := range readAll(t, "../previous") {
		if strings.Contains(path, "/") {
			lines = append(lines, fmt.Sprintf("%x  %s", sha256.Sum256([]byte(content)), path))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	if diff := cmp.Diff(strings.TrimSpace(string(sums)), strings.Join(lines, "\n")); diff != "" {
		t.Errorf("(-SHA256SUMS +files):\n%s", diff)
	}
}

// The bundle is an upgrade of the newest release.
func TestTheBundleReplacesTheNewestRelease(t *testing.T) {
	var newest *operatorsv1alpha1.ClusterServiceVersion
	for _, dir := range bundles(t)[1:] {
		csv := load(t, dir).CSV
		if filepath.Base(dir) != csv.Spec.Version.String() {
			t.Errorf("%s holds version %s", dir, csv.Spec.Version)
		}
		if newest == nil || csv.Spec.Version.GT(newest.Spec.Version.Version) {
			newest = csv
		}
	}
	if got := load(t, filepath.Join(root, "bundle")).CSV.Spec.Replaces; got != newest.Name {
		t.Errorf("it replaces %q; the newest release is %q", got, newest.Name)
	}
}

func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
