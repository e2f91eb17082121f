// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/meshingress/meshingress/hack/dist/archive"
)

// Spec is what an image for one platform is made of.
type Spec struct {
	OS, Architecture string
	// Files are the only content: there is no image below.
	Files []archive.File
	// Config is how the image is run, and its labels.
	Config v1.Config
	// Created is the time of the image and of each file in it.
	Created time.Time
}

// Image makes the image that spec describes, of one layer.
func Image(spec Spec) (v1.Image, error) {
	layer, err := layer(spec)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: spec.Created.UTC()}
	base, err = mutate.ConfigFile(base, &v1.ConfigFile{
		OS: spec.OS, Architecture: spec.Architecture, Created: created, Config: spec.Config,
		RootFS: v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, fmt.Errorf("setting the configuration of the image: %w", err)
	}
	image, err := mutate.Append(base, mutate.Addendum{
		Layer: layer, History: v1.History{Created: created, CreatedBy: "hack/dist/oci"},
	})
	if err != nil {
		return nil, fmt.Errorf("adding the files to the image: %w", err)
	}
	return image, nil
}

func layer(spec Spec) (v1.Layer, error) {
	var content bytes.Buffer
	if err := archive.Tar(&content, spec.Created, spec.Files...); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
	if err != nil {
		return nil, fmt.Errorf("making the layer: %w", err)
	}
	return layer, nil
}

// Index joins the images of all platforms to one, in the order given.
func Index(annotations map[string]string, images ...v1.Image) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, image := range images {
		config, err := image.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("reading the configuration of an image: %w", err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: config.Platform()},
		})
	}
	return mutate.Annotations(index, annotations).(v1.ImageIndex), nil
}
