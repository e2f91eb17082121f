// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/hack/dist/archive"
	"github.com/meshingress/meshingress/hack/dist/internal/smallrepo"
	"github.com/meshingress/meshingress/hack/dist/krew"
)

const version = "0.0.1"

// begin makes what make has written before this command runs: images, manifest, chart,
// bundle and catalog, as small as they can be.
func begin(t *testing.T) release {
	t.Helper()
	dist := t.TempDir()
	r := release{
		root: smallrepo.Write(t), dist: dist, version: version, url: "https://example.com/v" + version,
		manager: "meshingress/manager", plugin: "meshingress/kubectl-meshingress", bundle: "meshingress/bundle",
		created: time.Unix(0, 0),
	}
	out, err := exec.Command("go", "run", "../image",
		"-root", r.root, "-out", filepath.Join(dist, "images"), "-version", version).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	digest, err := r.images()[0].digest(r)
	if err != nil {
		t.Fatal(err)
	}
	image := "image: meshingress/manager:v" + version + "@" + digest + "\n"
	write(t, dist, "install.yaml", "kind: Deployment\n"+image)
	write(t, dist, "catalog/bundles.yaml", "image: meshingress/manager:v0.0.1-alpha.1\n---\n"+image)
	write(t, dist, "bundle.Dockerfile", "FROM scratch\n")
	write(t, dist, "bundle/metadata/annotations.yaml", `annotations:
  operators.operatorframework.io.bundle.package.v1: meshingress
  operators.operatorframework.io.bundle.channels.v1: alpha
`)
	write(t, dist, "bundle/manifests/csv.yaml", `apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata:
  name: meshingress.v`+version+`
spec:
  version: `+version+`
  relatedImages:
  - name: manager
    `+image)
	write(t, dist, chartFile, chart(t, version, r.manager, digest))
	return r
}

const chartFile = "meshingress-" + version + ".tgz"

func chart(t *testing.T, version, repository, digest string) string {
	t.Helper()
	metadata := "apiVersion: v2\nname: meshingress\nversion: " + version + "\nappVersion: " + version + "\n"
	values := "image:\n  repository: " + repository + "\n  digest: " + digest + "\n"
	var packed bytes.Buffer
	err := archive.TarGz(&packed, time.Unix(0, 0),
		archive.File{Name: "meshingress/Chart.yaml", Mode: 0o644, Content: []byte(metadata)},
		archive.File{Name: "meshingress/values.yaml", Mode: 0o644, Content: []byte(values)})
	if err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func write(t *testing.T, dist, name, content string) {
	t.Helper()
	path := filepath.Join(dist, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dist, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dist, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// A release is complete, users can check it, and making it again makes the same.
func TestARelease(t *testing.T) {
	r := begin(t)
	if err := r.complete(); err != nil {
		t.Fatal(err)
	}
	first := read(t, r.dist, "SHA256SUMS")
	for _, name := range r.expected() {
		if !strings.Contains(first, "  "+name) {
			t.Errorf("there is no checksum of %s", name)
		}
	}
	cmd := exec.Command("sha256sum", "--check", "--quiet", "SHA256SUMS")
	cmd.Dir = r.dist
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	expectDownloadsToBeChecked(t, r)
	expectLicensesToBeInstalled(t, r)
	if err := r.complete(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, read(t, r.dist, "SHA256SUMS")); diff != "" {
		t.Errorf("the second release is another one: %s", diff)
	}
}

// expectDownloadsToBeChecked runs what docs/releasing.md tells users, in a directory with files
// of the release as a page of downloads has them.
func expectDownloadsToBeChecked(t *testing.T, r release) {
	t.Helper()
	downloads := t.TempDir()
	for _, name := range []string{"SHA256SUMS", "install.yaml", "plugin/meshingress.yaml", "images/manager.digest"} {
		write(t, downloads, filepath.Base(name), read(t, r.dist, name))
	}
	const command = `sed 's|  .*/|  |' SHA256SUMS | sha256sum --check --ignore-missing`
	if docs := read(t, "../../../docs", "releasing.md"); !strings.Contains(docs, command) {
		t.Errorf("docs/releasing.md does not say %s", command)
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = downloads
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), ": OK") != 3 {
		t.Errorf("%v: %s", err, out)
	}
}

// expectLicensesToBeInstalled looks at what krew takes out of the archives, each of which it
// has installed before.
func expectLicensesToBeInstalled(t *testing.T, r release) {
	t.Helper()
	plugin, err := krew.Parse([]byte(read(t, r.dist, "plugin/meshingress.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range plugin.Spec.Platforms {
		var got []string
		for _, file := range platform.Files {
			got = append(got, file.From)
		}
		if diff := cmp.Diff([]string{platform.Bin, "LICENSE", "THIRD_PARTY_LICENSES"}, got); diff != "" {
			t.Errorf("%s: %s", platform.URI, diff)
		}
	}
}

// Each fault that a release could have is found, and the error says where.
func TestWhatIsWrongIsFound(t *testing.T) {
	good := begin(t)
	if err := good.complete(); err != nil {
		t.Fatal(err)
	}
	digest, err := good.images()[0].digest(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range merged(faultsOfFiles(), faultsOfImages(digest), faultsOfChart(digest), faultsOfVersion()) {
		t.Run(name, func(t *testing.T) {
			bad := good
			bad.dist = t.TempDir()
			if err := os.CopyFS(bad.dist, os.DirFS(good.dist)); err != nil {
				t.Fatal(err)
			}
			if err := f.check(bad); err != nil {
				t.Fatalf("there is a fault already: %v", err)
			}
			f.make(t, bad.dist)
			if err := f.check(bad); err == nil || !strings.Contains(err.Error(), f.want) {
				t.Errorf("got error %v, want one about %s", err, f.want)
			}
		})
	}
}

// zeros is the digest of another image.
const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// A fault is something that may be wrong with a release.
type fault struct {
	make  func(t *testing.T, dist string)
	check func(release) error
	want  string // part of the error
}

func faultsOfFiles() map[string]fault {
	return map[string]fault{
		"a file is missing": {
			func(t *testing.T, dist string) {
				t.Helper()
				if err := os.Remove(filepath.Join(dist, "release-notes.md")); err != nil {
					t.Fatal(err)
				}
			},
			release.checkFiles, "release-notes.md",
		},
		"a file is empty": {
			overwrite("install.yaml", ""), release.checkFiles, "install.yaml is empty",
		},
		"a file of another version is left": {
			overwrite("plugin/kubectl-meshingress-v0.0.0-linux-amd64.tar.gz", "old"), release.checkFiles, "v0.0.0",
		},
		"krew's manifest is of another archive": {
			overwrite("plugin/kubectl-meshingress-v0.0.1-windows-arm64.zip", "something else"),
			release.checkPlugin, "windows/arm64",
		},
	}
}

func faultsOfImages(digest string) map[string]fault {
	return map[string]fault{
		"the manifest names another digest": {
			replace("install.yaml", digest, zeros), mentions(digest), zeros,
		},
		"the manifest names a tag": {
			replace("install.yaml", "@"+digest, ""), mentions(digest), "install.yaml",
		},
		"one of two images in the bundle is named by tag": {
			replace("bundle/manifests/csv.yaml", "relatedImages:",
				"image: meshingress/manager:v0.0.1\n  relatedImages:"),
			mentions(digest), "csv.yaml",
		},
		"the catalog lacks the release": {
			replace("catalog/bundles.yaml", "v0.0.1@", "v0.0.0@"), mentions(digest), "catalog",
		},
		"the digest is that of another image": {
			overwrite("images/manager.digest", zeros+"\n"), release.checkImages, zeros,
		},
	}
}

func faultsOfChart(digest string) map[string]fault {
	replaceChart := func(version, repository, digest string) func(*testing.T, string) {
		return func(t *testing.T, dist string) {
			t.Helper()
			write(t, dist, chartFile, chart(t, version, repository, digest))
		}
	}
	check := func(r release) error { return r.checkChart(digest) }
	return map[string]fault{
		"the chart names another digest":     {replaceChart(version, "meshingress/manager", zeros), check, zeros},
		"the chart names another repository": {replaceChart(version, "another/manager", digest), check, "another/manager"},
		"the chart has another version":      {replaceChart("9.9.9", "meshingress/manager", digest), check, "9.9.9"},
	}
}

func faultsOfVersion() map[string]fault {
	return map[string]fault{
		"the bundle has another version": {
			replace("bundle/manifests/csv.yaml", "version: 0.0.1", "version: 9.9.9"), release.checkBundle, "9.9.9",
		},
		"krew's manifest has another version": {
			replace("plugin/meshingress.yaml", "version: v0.0.1", "version: v9.9.9"), release.checkPlugin, "v9.9.9",
		},
		"an SBOM has another version": {
			replace("images/manager-v0.0.1-linux-arm64.spdx.json", `"versionInfo": "v0.0.1"`, `"versionInfo": "v9.9.9"`),
			release.checkBills, "manager-v0.0.1-linux-arm64.spdx.json",
		},
	}
}

func merged(all ...map[string]fault) map[string]fault {
	result := map[string]fault{}
	for _, faults := range all {
		maps.Copy(result, faults)
	}
	return result
}

func overwrite(name, content string) func(*testing.T, string) {
	return func(t *testing.T, dist string) { t.Helper(); write(t, dist, name, content) }
}

func replace(name, old, with string) func(*testing.T, string) {
	return func(t *testing.T, dist string) {
		t.Helper()
		before := read(t, dist, name)
		if !strings.Contains(before, old) {
			t.Fatalf("%s does not contain %q", name, old)
		}
		write(t, dist, name, strings.ReplaceAll(before, old, with))
	}
}

func mentions(digest string) func(release) error {
	return func(r release) error { return r.checkMentions(digest, mentioning()...) }
}
