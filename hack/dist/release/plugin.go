// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/meshingress/meshingress/hack/dist/archive"
	"github.com/meshingress/meshingress/hack/dist/gobuild"
	"github.com/meshingress/meshingress/hack/dist/krew"
	"github.com/meshingress/meshingress/hack/dist/licenses"
	"github.com/meshingress/meshingress/hack/dist/sbom"
)

const pluginProgram = "kubectl-meshingress"

// pluginPlatforms are those that people run kubectl on.
func pluginPlatforms() []gobuild.Platform {
	var all []gobuild.Platform
	for _, os := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, gobuild.Platform{OS: os, Arch: arch})
		}
	}
	return all
}

// pluginArchive is where the plugin for a platform is, and what is in it. Windows has no
// tar of old, and wants the extension .exe.
func (r release) pluginArchive(platform gobuild.Platform) krew.Archive {
	bin, extension := pluginProgram, ".tar.gz"
	if platform.OS == "windows" {
		bin, extension = pluginProgram+".exe", ".zip"
	}
	name := fmt.Sprintf("%s-v%s-%s-%s", pluginProgram, r.version, platform.OS, platform.Arch)
	return krew.Archive{
		OS: platform.OS, Arch: platform.Arch, Path: filepath.Join(r.dist, "plugin", name+extension),
		Bin: bin, Files: []string{bin, "LICENSE", licenses.FileName},
	}
}

func (r release) pluginArchives() []krew.Archive {
	var all []krew.Archive
	for _, platform := range pluginPlatforms() {
		all = append(all, r.pluginArchive(platform))
	}
	return all
}

func (r release) pluginManifest() string { return filepath.Join(r.dist, "plugin", krew.Name+".yaml") }

func (r release) writePlugin() error {
	if err := os.MkdirAll(filepath.Join(r.dist, "plugin"), 0o755); err != nil {
		return fmt.Errorf("making the directory of the plugin: %w", err)
	}
	for _, platform := range pluginPlatforms() {
		if err := r.writePluginFor(platform); err != nil {
			return err
		}
	}
	manifest, err := krew.Manifest("v"+r.version, r.url, r.pluginArchives())
	if err != nil {
		return err
	}
	return os.WriteFile(r.pluginManifest(), manifest, 0o644)
}

// writePluginFor writes the archive for one platform, and what is in it.
func (r release) writePluginFor(platform gobuild.Platform) error {
	dir, err := os.MkdirTemp("", "meshingress-release-")
	if err != nil {
		return fmt.Errorf("making a directory for the plugin: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	executable := filepath.Join(dir, pluginProgram)
	source := gobuild.Program{
		Root: r.root, Package: "./cmd/" + pluginProgram, Platform: platform, Version: "v" + r.version,
	}
	if err := source.Build(executable); err != nil {
		return err
	}
	others, err := licenses.Collect(source)
	if err != nil {
		return err
	}
	return r.writeArchive(r.pluginArchive(platform), executable, others)
}

// writeArchive writes an archive of the plugin and the licenses of the modules of others in
// it, and its SBOM.
func (r release) writeArchive(target krew.Archive, executable string, others []licenses.Module) error {
	files, err := r.pluginFiles(target, executable, others)
	if err != nil {
		return err
	}
	packed, err := pack(target, r.created, files)
	if err != nil {
		return err
	}
	if err := os.WriteFile(target.Path, packed, 0o644); err != nil {
		return fmt.Errorf("writing the plugin: %w", err)
	}
	sum := sha256.Sum256(packed)
	bill, err := sbom.Write(sbom.Subject{
		Name: filepath.Base(target.Path), Version: "v" + r.version, Purpose: "ARCHIVE",
		SHA256: hex.EncodeToString(sum[:]), Created: r.created, Licenses: licenses.Expressions(others),
	}, executable)
	if err != nil {
		return err
	}
	return os.WriteFile(target.Path+".spdx.json", bill, 0o644)
}

// pluginFiles are those of an archive.
func (r release) pluginFiles(
	target krew.Archive, executable string, others []licenses.Module,
) ([]archive.File, error) {
	program, err := os.ReadFile(executable)
	if err != nil {
		return nil, fmt.Errorf("reading the plugin: %w", err)
	}
	license, err := os.ReadFile(filepath.Join(r.root, "LICENSE"))
	if err != nil {
		return nil, fmt.Errorf("reading the license: %w", err)
	}
	return []archive.File{
		{Name: target.Bin, Mode: 0o755, Content: program},
		{Name: "LICENSE", Mode: 0o644, Content: license},
		{Name: licenses.FileName, Mode: 0o644, Content: licenses.File(others)},
	}, nil
}

func pack(target krew.Archive, created time.Time, files []archive.File) ([]byte, error) {
	write := archive.TarGz
	if target.OS == "windows" {
		write = archive.Zip
	}
	var packed bytes.Buffer
	if err := write(&packed, created, files...); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
