// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Release is an image that a release has for several platforms.
type Release struct {
	// Dir is the directory that the files are written to, Name what they begin with.
	Dir, Name string
	// Repository and Tag are what the image will be called in a registry.
	Repository, Tag string
	// Annotations are those of the image as a whole.
	Annotations map[string]string
}

// Write writes the image, given for each platform:
//
//	NAME/                 an OCI layout of all platforms
//	NAME-TAG-OS-ARCH.tar  an archive for each
//	NAME.digest           the digest of the whole
func (r Release) Write(images ...v1.Image) (Layout, error) {
	for _, image := range images {
		config, err := image.ConfigFile()
		if err != nil {
			return Layout{}, fmt.Errorf("reading the configuration of the image %s: %w", r.Name, err)
		}
		file := fmt.Sprintf("%s-%s-%s-%s.tar", r.Name, r.Tag, config.OS, config.Architecture)
		if err := WriteArchive(filepath.Join(r.Dir, file), r.Repository+":"+r.Tag, image); err != nil {
			return Layout{}, err
		}
	}
	index, err := Index(r.Annotations, images...)
	if err != nil {
		return Layout{}, err
	}
	layout, err := WriteLayout(filepath.Join(r.Dir, r.Name), r.Tag, index)
	if err != nil {
		return Layout{}, err
	}
	if err := os.WriteFile(filepath.Join(r.Dir, r.Name+".digest"), []byte(layout.Digest+"\n"), 0o644); err != nil {
		return Layout{}, fmt.Errorf("writing the digest of the image %s: %w", r.Name, err)
	}
	return layout, nil
}
