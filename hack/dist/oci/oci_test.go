// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	orasoci "oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/meshingress/meshingress/hack/dist/archive"
	"github.com/meshingress/meshingress/hack/dist/oci"
)

const bill = "application/spdx+json"

func image(t *testing.T, architecture string) v1.Image {
	t.Helper()
	made, err := oci.Image(oci.Spec{
		OS: "linux", Architecture: architecture, Created: time.Unix(1_000_000_000, 0),
		Files: []archive.File{
			{Name: "program", Mode: 0o755, Content: []byte(architecture)},
			{Name: "etc/passwd", Mode: 0o644, Content: []byte("nonroot")},
		},
		Config: v1.Config{Entrypoint: []string{"/program"}, User: "65532:65532"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func index(t *testing.T, images ...v1.Image) v1.ImageIndex {
	t.Helper()
	made, err := oci.Index(map[string]string{"org.opencontainers.image.version": "v1"}, images...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func digest(t *testing.T, of interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	hash, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return hash.String()
}

func TestImageHasTheFilesAndHowToRunThem(t *testing.T) {
	made := image(t, "arm64")
	config, err := made.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := &v1.ConfigFile{
		OS: "linux", Architecture: "arm64", Created: v1.Time{Time: time.Unix(1_000_000_000, 0).UTC()},
		Config:  v1.Config{Entrypoint: []string{"/program"}, User: "65532:65532"},
		History: config.History, RootFS: config.RootFS,
	}
	if diff := cmp.Diff(want, config); diff != "" {
		t.Error(diff)
	}
	wantFiles := []string{"0755 etc 0/0 1000000000", "0755 program 0/0 1000000000", "0644 etc/passwd 0/0 1000000000"}
	if diff := cmp.Diff(wantFiles, list(t, mutate.Extract(made))); diff != "" {
		t.Error(diff)
	}
}

func list(t *testing.T, content io.Reader) []string {
	t.Helper()
	var files []string
	for reader := tar.NewReader(content); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, fmt.Sprintf("%04o %s %d/%d %d",
			header.Mode, header.Name, header.Uid, header.Gid, header.ModTime.Unix()))
	}
}

func TestTheSameFilesAreTheSameImage(t *testing.T) {
	if first, second := digest(t, image(t, "amd64")), digest(t, image(t, "amd64")); first != second {
		t.Errorf("the digests are %s and %s", first, second)
	}
}

func TestTheArchiveIsTheImage(t *testing.T) {
	made := image(t, "amd64")
	file := filepath.Join(t.TempDir(), "images", "program.tar")
	if err := oci.WriteArchive(file, "meshingress/program:v1", made); err != nil {
		t.Fatal(err)
	}
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(file) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"meshingress/program:v1"}, manifest[0].RepoTags); diff != "" {
		t.Errorf("it would be loaded under another name: %s", diff)
	}
	loaded, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(loaded); err != nil {
		t.Error(err)
	}
	want, err := made.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := loaded.ConfigName(); err != nil || got != want {
		t.Errorf("it has the configuration %s with error %v, want %s", got, err, want)
	}
}

func TestTheLayoutIsSound(t *testing.T) {
	dir := t.TempDir()
	made := index(t, image(t, "amd64"), image(t, "arm64"))
	for range 2 { // the second time over the first
		if _, err := oci.WriteLayout(dir, "v1", made); err != nil {
			t.Fatal(err)
		}
	}
	path, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	root, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(root); err != nil {
		t.Error(err)
	}
	entries, err := root.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(entries.Manifests), 1; got != want {
		t.Fatalf("the layout has %d entries, want %d", got, want)
	}
	if got, want := entries.Manifests[0].Digest.String(), digest(t, made); got != want {
		t.Errorf("the layout has the image as %s, want %s", got, want)
	}
}

// What manifests name is what whoever publishes the layout puts into a registry, and the
// registry knows what is attached. The registry and oras, which copies, are the real ones.
func TestARegistryGetsTheImageUnderItsDigest(t *testing.T) {
	amd64 := image(t, "amd64")
	made := index(t, amd64, image(t, "arm64"))
	dir := t.TempDir()
	written, err := oci.WriteLayout(dir, "v1", made)
	if err != nil {
		t.Fatal(err)
	}
	if err := written.Attach(amd64, bill, "bill.json", []byte(`{"what": "is in it"}`)); err != nil {
		t.Fatal(err)
	}
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), quiet))
	defer server.Close()
	repository, err := remote.NewRepository(server.Listener.Addr().String() + "/meshingress/program")
	if err != nil {
		t.Fatal(err)
	}
	repository.PlainHTTP = true

	published := publish(t, dir, repository, digest(t, amd64))
	if got, want := published.Digest.String(), digest(t, made); got != want {
		t.Errorf("the registry has the image as %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{bill}, referrers(t, repository, digest(t, amd64))); diff != "" {
		t.Errorf("the registry has other referrers: %s", diff)
	}
}

// publish copies a layout with all that refers to one of its images.
func publish(t *testing.T, dir string, to *remote.Repository, image string) ocispec.Descriptor {
	t.Helper()
	ctx := t.Context()
	store, err := orasoci.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	published, err := oras.Copy(ctx, store, "v1", to, "v1", oras.DefaultCopyOptions)
	if err != nil {
		t.Fatal(err)
	}
	referred, err := to.Resolve(ctx, image)
	if err != nil {
		t.Fatal(err)
	}
	if err := oras.ExtendedCopyGraph(ctx, store, to, referred, oras.DefaultExtendedCopyGraphOptions); err != nil {
		t.Fatal(err)
	}
	return published
}

func referrers(t *testing.T, repository *remote.Repository, image string) []string {
	t.Helper()
	var types []string
	described, err := repository.Resolve(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	err = repository.Referrers(t.Context(), described, "", func(found []ocispec.Descriptor) error {
		for _, referrer := range found {
			types = append(types, referrer.ArtifactType)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return types
}
