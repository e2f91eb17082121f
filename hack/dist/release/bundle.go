// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/hack/dist/archive"
	"github.com/meshingress/meshingress/hack/dist/oci"
)

// writeBundleImage writes the image of dist/bundle: its files and, as labels, its
// annotations, by which OLM knows it. It runs nothing, but OLM unpacks it in a pod,
// and so it is there for each platform.
// See operator-framework/operator-registry:docs/design/operator-bundle.md.
func (r release) writeBundleImage() error {
	files, err := archive.Directory(filepath.Join(r.dist, "bundle"))
	if err != nil {
		return err
	}
	labels, err := r.bundleLabels()
	if err != nil {
		return err
	}
	var images []v1.Image
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := oci.Image(oci.Spec{
			OS: "linux", Architecture: architecture, Files: files, Created: r.created,
			Config: v1.Config{Labels: labels},
		})
		if err != nil {
			return err
		}
		images = append(images, image)
	}
	_, err = oci.Release{
		Dir: filepath.Join(r.dist, "images"), Name: "bundle", Repository: r.bundle, Tag: "v" + r.version,
	}.Write(images...)
	return err
}

func (r release) bundleLabels() (map[string]string, error) {
	content, err := os.ReadFile(filepath.Join(r.dist, "bundle", "metadata", "annotations.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the bundle's annotations: %w", err)
	}
	var metadata struct {
		Annotations map[string]string `json:"annotations"`
	}
	if err := yaml.Unmarshal(content, &metadata); err != nil {
		return nil, fmt.Errorf("reading the bundle's annotations: %w", err)
	}
	if len(metadata.Annotations) == 0 {
		return nil, fmt.Errorf("the bundle has no annotations")
	}
	return metadata.Annotations, nil
}
