// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package krew_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/meshingress/meshingress/hack/dist/archive"
	"github.com/meshingress/meshingress/hack/dist/krew"
)

// plugin packs a plugin for two platforms, and returns the path of its manifest.
func plugin(t *testing.T) (string, []krew.Archive) {
	t.Helper()
	dir := t.TempDir()
	linux := krew.Archive{
		OS: "linux", Arch: "arm64", Path: filepath.Join(dir, "kubectl-meshingress-linux-arm64.tar.gz"),
		Bin: "kubectl-meshingress", Files: []string{"kubectl-meshingress", "LICENSE"},
	}
	windows := krew.Archive{
		OS: "windows", Arch: "amd64", Path: filepath.Join(dir, "kubectl-meshingress-windows-amd64.zip"),
		Bin: "kubectl-meshingress.exe", Files: []string{"kubectl-meshingress.exe", "LICENSE"},
	}
	var packed bytes.Buffer
	if err := archive.TarGz(&packed, time.Unix(0, 0), files(linux)...); err != nil {
		t.Fatal(err)
	}
	write(t, linux.Path, packed.Bytes())
	packed.Reset()
	if err := archive.Zip(&packed, time.Unix(0, 0), files(windows)...); err != nil {
		t.Fatal(err)
	}
	write(t, windows.Path, packed.Bytes())

	archives := []krew.Archive{linux, windows}
	manifest, err := krew.Manifest("v0.1.0", "https://example.com/v0.1.0", archives)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, krew.Name+".yaml")
	write(t, path, manifest)
	return path, archives
}

func files(a krew.Archive) []archive.File {
	return []archive.File{
		{Name: a.Bin, Mode: 0o755, Content: []byte("#!/bin/sh\necho " + a.OS)},
		{Name: "LICENSE", Mode: 0o644, Content: []byte("Do what you like.")},
	}
}

func programs(t *testing.T) krew.Krew {
	t.Helper()
	k, err := krew.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestKrewAcceptsAndInstallsThePlugin(t *testing.T) {
	manifest, archives := plugin(t)
	k := programs(t)
	if err := k.Validate(manifest); err != nil {
		t.Error(err)
	}
	for _, a := range archives {
		if err := k.Install(t.TempDir(), manifest, a); err != nil {
			t.Error(err)
		}
	}
}

func TestKrewRefusesAnotherArchiveThanTheManifestMeans(t *testing.T) {
	manifest, archives := plugin(t)
	var other bytes.Buffer
	if err := archive.TarGz(&other, time.Unix(1, 0), files(archives[0])...); err != nil {
		t.Fatal(err)
	}
	write(t, archives[0].Path, other.Bytes())
	if err := programs(t).Install(t.TempDir(), manifest, archives[0]); err == nil {
		t.Error("krew installed an archive with another checksum")
	}
}

func TestKrewRefusesAVersionThatIsNone(t *testing.T) {
	dir := t.TempDir()
	_, archives := plugin(t)
	manifest, err := krew.Manifest("0.1.0", "https://example.com", archives)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, krew.Name+".yaml")
	write(t, path, manifest)
	if err := programs(t).Validate(path); err == nil {
		t.Error("krew accepted a version without v")
	}
}
