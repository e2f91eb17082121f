// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package equal_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/hack/dist/chart"
	"github.com/meshingress/meshingress/hack/dist/equal"
	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// Which files are compared: those of a release, or else those that make writes as for one.
var dist = flag.String("dist", "", "directory with the files of a release")

// What users download is compared, as the targets of a release write it, and not only what it
// is made from.
func TestTheFilesOfAReleaseInstallTheSame(t *testing.T) {
	dir := files(t)
	manifest := except(t, parsed(t, filepath.Join(dir, "install.yaml")), toolsMake())

	want := summary(t, manifest)
	got := summary(t, except(t, renderedPackage(t, dir), helmNeeds()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("install.yaml and the package of the chart differ (-manifest +chart):\n%s", diff)
	}

	bundled, err := equal.OfBundle(filepath.Join(dir, "bundle"))
	if err != nil {
		t.Fatal(err)
	}
	want = summary(t, except(t, manifest, olmMakes()))
	if diff := cmp.Diff(want, summary(t, bundled)); diff != "" {
		t.Errorf("install.yaml and the bundle differ (-manifest +bundle):\n%s", diff)
	}
}

// files returns the directory with the files to compare.
func files(t *testing.T) string {
	t.Helper()
	if *dist != "" {
		return *dist
	}
	dir := t.TempDir()
	cmd := exec.Command("make", "--no-print-directory", "install-manifest", "chart", "bundle",
		"DIST="+dir, "BUNDLE="+filepath.Join(dir, "bundle"), "IMAGE_DIGEST=sha256:"+strings.Repeat("0", 64))
	cmd.Dir = "../../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// parsed are the objects in a file of YAML.
func parsed(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifests.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// renderedPackage are the objects of the chart's package with default values.
func renderedPackage(t *testing.T, dir string) []*unstructured.Unstructured {
	t.Helper()
	packages, err := filepath.Glob(filepath.Join(dir, "meshingress-*.tgz"))
	if err != nil || len(packages) != 1 {
		t.Fatalf("there is not one package of the chart, but %v (%v)", packages, err)
	}
	release := chart.Release{
		Dir: packages[0], Name: "meshingress", Namespace: "meshingress-system", KubeVersion: "1.36.3",
	}
	result, err := release.Render(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result.Objects
}
