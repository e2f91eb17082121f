// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package krew

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/krew/pkg/constants"
	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

// Name is the plugin's in krew, and so what follows kubectl on a command line. A file with
// the manifest must be called the same, which krew takes the name from.
const Name = "meshingress"

// Archive is the plugin for one platform.
type Archive struct {
	// OS and Arch are Go's names, which are krew's.
	OS, Arch string
	// Path is where the archive is.
	Path string
	// Bin is the executable in it, and Files are all files in it.
	Bin   string
	Files []string
}

// Manifest describes the plugin with the archives as they are now. Version begins with
// a v; the archives will be found below the URL base.
func Manifest(version, base string, archives []Archive) ([]byte, error) {
	plugin := index.Plugin{
		TypeMeta:   metav1.TypeMeta{APIVersion: constants.CurrentAPIVersion, Kind: constants.PluginKind},
		ObjectMeta: metav1.ObjectMeta{Name: Name},
		Spec: index.PluginSpec{
			Version:          version,
			Homepage:         "https://github.com/meshingress/meshingress",
			ShortDescription: "Make any ingress controller work with Linkerd",
			Description: "Shows what the operator MeshIngress would write for MeshIngresses and\n" +
				"MeshIngressClasses: the routes of the ingress controller, and what is set on its\n" +
				"pods so that they are in the Linkerd mesh. It reads files and needs no cluster.\n",
		},
	}
	for _, archive := range archives {
		platform, err := archive.platform(base)
		if err != nil {
			return nil, err
		}
		plugin.Spec.Platforms = append(plugin.Spec.Platforms, platform)
	}
	return yaml.Marshal(plugin)
}

func (a Archive) platform(base string) (index.Platform, error) {
	content, err := os.ReadFile(a.Path)
	if err != nil {
		return index.Platform{}, fmt.Errorf("reading the archive: %w", err)
	}
	sum := sha256.Sum256(content)
	platform := index.Platform{
		URI:      base + "/" + filepath.Base(a.Path),
		Sha256:   hex.EncodeToString(sum[:]),
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"os": a.OS, "arch": a.Arch}},
		Bin:      a.Bin,
	}
	for _, file := range a.Files {
		platform.Files = append(platform.Files, index.FileOperation{From: file, To: "."})
	}
	return platform, nil
}

// Parse reads a manifest.
func Parse(manifest []byte) (index.Plugin, error) {
	var plugin index.Plugin
	if err := yaml.UnmarshalStrict(bytes.TrimSpace(manifest), &plugin); err != nil {
		return plugin, fmt.Errorf("reading the manifest: %w", err)
	}
	return plugin, nil
}
