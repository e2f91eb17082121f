// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// refName names an entry of an OCI layout; see opencontainers/image-spec:annotations.md.
const refName = "org.opencontainers.image.ref.name"

// Layout is a directory in the OCI image layout with one image, and what refers to it.
type Layout struct {
	// Digest is that of the image, as sha256:….
	Digest string

	path layout.Path
}

// WriteLayout writes an image to dir as an OCI image layout, under a tag. What was in dir
// is deleted.
func WriteLayout(dir, tag string, image v1.ImageIndex) (Layout, error) {
	if err := os.RemoveAll(dir); err != nil {
		return Layout{}, fmt.Errorf("emptying %s: %w", dir, err)
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return Layout{}, fmt.Errorf("making the layout %s: %w", dir, err)
	}
	if err := path.AppendIndex(image, layout.WithAnnotations(map[string]string{refName: tag})); err != nil {
		return Layout{}, fmt.Errorf("writing to the layout %s: %w", dir, err)
	}
	digest, err := image.Digest()
	if err != nil {
		return Layout{}, fmt.Errorf("hashing the image in %s: %w", dir, err)
	}
	return Layout{Digest: digest.String(), path: path}, nil
}

// Attach adds a document to the layout as an artifact that refers to one of its images,
// so that a registry lists it among the image's referrers.
// See opencontainers/image-spec:manifest.md, "Guidelines for Artifact Usage".
func (l Layout) Attach(image v1.Image, mediaType, title string, document []byte) error {
	subject, err := partial.Descriptor(image)
	if err != nil {
		return fmt.Errorf("describing the image of %s: %w", title, err)
	}
	config, err := l.writeBlob("application/vnd.oci.empty.v1+json", []byte("{}"))
	if err != nil {
		return err
	}
	content, err := l.writeBlob(mediaType, document)
	if err != nil {
		return err
	}
	content.Annotations = map[string]string{"org.opencontainers.image.title": title}
	manifest, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: mediaType,
		Config: config, Layers: []v1.Descriptor{content},
		Subject: &v1.Descriptor{MediaType: subject.MediaType, Size: subject.Size, Digest: subject.Digest},
	})
	if err != nil {
		return fmt.Errorf("writing the manifest of %s: %w", title, err)
	}
	descriptor, err := l.writeBlob(string(types.OCIManifestSchema1), manifest)
	if err != nil {
		return err
	}
	descriptor.ArtifactType = mediaType
	return l.path.AppendDescriptor(descriptor)
}

func (l Layout) writeBlob(mediaType string, content []byte) (v1.Descriptor, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(content))
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("hashing: %w", err)
	}
	if err := l.path.WriteBlob(digest, io.NopCloser(bytes.NewReader(content))); err != nil {
		return v1.Descriptor{}, fmt.Errorf("writing the blob %s: %w", digest, err)
	}
	return v1.Descriptor{MediaType: types.MediaType(mediaType), Size: size, Digest: digest}, nil
}

// WriteArchive writes the image of one platform to a file in the format of docker save,
// which docker load, podman load, ctr image import and kind load read.
func WriteArchive(file, reference string, image v1.Image) error {
	// Without a default registry, which would go into the file.
	tag, err := name.NewTag(reference, name.WithDefaultRegistry(""))
	if err != nil {
		return fmt.Errorf("reading the image's name: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making the directory of %s: %w", file, err)
	}
	if err := tarball.WriteToFile(file, tag, image); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}
