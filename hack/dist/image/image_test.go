// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/spdx/tools-golang/json"

	"github.com/meshingress/meshingress/hack/dist/internal/smallrepo"
	"github.com/meshingress/meshingress/hack/dist/licenses"
)

// Which images the tests look at: those of a release, or else those of a repository with
// small programs, which are built in seconds.
var (
	imagesDir     = flag.String("images", "", "directory with the images of a release")
	imagesVersion = flag.String("images-version", "0.0.1", "their version")
)

// images returns the directory of the images to look at.
func images(t *testing.T) string {
	t.Helper()
	if *imagesDir != "" {
		return *imagesDir
	}
	out := t.TempDir()
	build(t, smallrepo.Write(t), out)
	return out
}

func build(t *testing.T, root, out string) {
	t.Helper()
	if err := run([]string{"-root", root, "-out", out, "-version", *imagesVersion, "-revision", "0123abc"}); err != nil {
		t.Fatal(err)
	}
}

// index is the image of a program for all platforms.
func index(t *testing.T, dir, program string) v1.ImageIndex {
	t.Helper()
	root, err := layout.ImageIndexFromPath(filepath.Join(dir, program))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := root.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	found, err := root.ImageIndex(entries.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// image is the image of a program for one platform.
func image(t *testing.T, dir, program, arch string) v1.Image {
	t.Helper()
	all := index(t, dir, program)
	manifest, err := all.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range manifest.Manifests {
		if entry.Platform.String() == "linux/"+arch {
			found, err := all.Image(entry.Digest)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
	}
	t.Fatalf("there is no image of %s for linux/%s", program, arch)
	return nil
}

func TestTheFilesOfAnImage(t *testing.T) {
	dir := images(t)
	var want []string
	for _, program := range []string{"kubectl-meshingress", "manager"} {
		want = append(want, program, program+".digest")
		for _, arch := range []string{"amd64", "arm64"} {
			name := program + "-v" + *imagesVersion + "-linux-" + arch
			want = append(want, name+".tar", name+".spdx.json")
		}
	}
	var got []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "bundle") { // which comes from elsewhere
			got = append(got, entry.Name())
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheDigestIsThatOfAllPlatforms(t *testing.T) {
	dir := images(t)
	for _, program := range []string{"manager", "kubectl-meshingress"} {
		want, err := index(t, dir, program).Digest()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, program+".digest"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want.String()+"\n" {
			t.Errorf("the digest of %s is %s, want %s", program, got, want)
		}
	}
}

func TestAnImageSaysWhatItIsAndWhoRunsIt(t *testing.T) {
	dir := images(t)
	for _, program := range []string{"manager", "kubectl-meshingress"} {
		for _, arch := range []string{"amd64", "arm64"} {
			config, err := image(t, dir, program, arch).ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			if config.OS != "linux" || config.Architecture != arch || config.Config.User != "65532:65532" {
				t.Errorf("%s for %s is for %s/%s and user %s",
					program, arch, config.OS, config.Architecture, config.Config.User)
			}
			if diff := cmp.Diff([]string{"/" + program}, config.Config.Entrypoint); diff != "" {
				t.Errorf("%s for %s runs another program: %s", program, arch, diff)
			}
			labels := config.Config.Labels
			for _, label := range []string{"title", "description", "source", "documentation", "licenses", "vendor", "revision"} {
				if labels["org.opencontainers.image."+label] == "" {
					t.Errorf("%s for %s has no label %s", program, arch, label)
				}
			}
			if got := labels["org.opencontainers.image.version"]; got != "v"+*imagesVersion {
				t.Errorf("%s for %s has the version %q", program, arch, got)
			}
		}
	}
}

// Whoever gets an image gets the licenses of all that is in it.
func TestAnImageHasTheLicensesOfItsModules(t *testing.T) {
	dir := images(t)
	for _, program := range []string{"manager", "kubectl-meshingress"} {
		for _, arch := range []string{"amd64", "arm64"} {
			files := contents(t, image(t, dir, program, arch))
			if files["licenses/LICENSE"] == "" {
				t.Errorf("%s for %s has no license", program, arch)
			}
			for _, module := range modules(t, dir, program, arch) {
				if !strings.Contains(files["licenses/"+licenses.FileName], module+": ") {
					t.Errorf("%s for %s has no license of %s", program, arch, module)
				}
			}
		}
	}
}

// modules are those of others that an SBOM lists, as PATH VERSION.
func modules(t *testing.T, dir, program, arch string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, program+"-v"+*imagesVersion+"-linux-"+arch+".spdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range doc.Packages[2:] { // after the image and the program's own module
		all = append(all, p.PackageName+" "+p.PackageVersion)
	}
	if len(all) == 0 {
		t.Fatalf("the SBOM of %s lists no module", program)
	}
	return all
}

// Whoever builds a release again, in whatever directory, gets the same files, so the
// digests can be checked.
func TestTwoBuildsAreTheSame(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	build(t, smallrepo.Write(t), first)
	build(t, smallrepo.Write(t), second)
	if diff := cmp.Diff(sums(t, first), sums(t, second)); diff != "" {
		t.Errorf("the second build is another one: %s", diff)
	}
}

func TestTheTimeIsThatOfTheSource(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1000000000")
	out := t.TempDir()
	build(t, smallrepo.Write(t), out)
	config, err := image(t, out, "manager", "amd64").ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Created.Unix(); got != 1_000_000_000 {
		t.Errorf("the image is of the time %d", got)
	}
}

// contents are the files of an image, by path.
func contents(t *testing.T, image v1.Image) map[string]string {
	t.Helper()
	extracted := mutate.Extract(image)
	defer extracted.Close()
	files := map[string]string{}
	for reader := tar.NewReader(extracted); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(content)
	}
}

// sums are the checksums of all files, by path.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		sum := sha256.Sum256(content)
		found[strings.TrimPrefix(path, dir)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("there are no files in %s", dir)
	}
	return found
}
