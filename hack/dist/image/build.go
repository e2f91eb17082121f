// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/meshingress/meshingress/hack/dist/archive"
	"github.com/meshingress/meshingress/hack/dist/gobuild"
	"github.com/meshingress/meshingress/hack/dist/licenses"
	"github.com/meshingress/meshingress/hack/dist/oci"
	"github.com/meshingress/meshingress/hack/dist/sbom"
)

// program is what an image is for.
type program struct {
	name, repository   string
	title, description string
}

func programs(manager, plugin string) []program {
	return []program{{
		name: "manager", repository: manager,
		title:       "MeshIngress",
		description: "Makes any ingress controller work with the Linkerd service mesh.",
	}, {
		name: "kubectl-meshingress", repository: plugin,
		title:       "kubectl-meshingress",
		description: "Shows what MeshIngress would write, without a cluster.",
	}}
}

// platforms are those of Kubernetes' nodes that Linkerd's proxy is made for.
func platforms() []gobuild.Platform {
	return []gobuild.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
}

// user is the one that distroless images call nonroot, and that config/manager names.
const user = "65532"

// builder is what all images have in common.
type builder struct {
	root, out         string
	version, revision string
	created           time.Time
}

// built is the image of a program for one platform.
type built struct {
	image v1.Image
	sbom  []byte
	// file is what the SBOM is called.
	file string
}

// build writes all files of one image, and returns its digest.
func (b builder) build(p program) (string, error) {
	var all []built
	var images []v1.Image
	for _, platform := range platforms() {
		one, err := b.buildFor(p, platform)
		if err != nil {
			return "", err
		}
		all = append(all, one)
		images = append(images, one.image)
	}
	release := oci.Release{
		Dir: b.out, Name: p.name, Repository: p.repository, Tag: "v" + b.version, Annotations: b.labels(p),
	}
	layout, err := release.Write(images...)
	if err != nil {
		return "", err
	}
	for _, one := range all {
		if err := layout.Attach(one.image, sbom.MediaType, one.file, one.sbom); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(b.out, one.file), one.sbom, 0o644); err != nil {
			return "", fmt.Errorf("writing what is in the image of %s: %w", p.name, err)
		}
	}
	return layout.Digest, nil
}

// buildFor builds the image for one platform and says what is in it.
func (b builder) buildFor(p program, platform gobuild.Platform) (built, error) {
	dir, err := os.MkdirTemp("", "meshingress-image-")
	if err != nil {
		return built{}, fmt.Errorf("making a directory for the program: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	executable := filepath.Join(dir, p.name)
	source := gobuild.Program{Root: b.root, Package: "./cmd/" + p.name, Platform: platform, Version: "v" + b.version}
	if err := source.Build(executable); err != nil {
		return built{}, err
	}
	others, err := licenses.Collect(source)
	if err != nil {
		return built{}, err
	}
	image, err := b.image(p, platform, executable, others)
	if err != nil {
		return built{}, err
	}
	digest, err := image.Digest()
	if err != nil {
		return built{}, fmt.Errorf("hashing the image of %s for %s: %w", p.name, platform, err)
	}
	bill, err := sbom.Write(sbom.Subject{
		Name: p.repository, Version: "v" + b.version, Purpose: "CONTAINER", SHA256: digest.Hex, Created: b.created,
		Licenses: licenses.Expressions(others),
	}, executable)
	file := fmt.Sprintf("%s-v%s-%s-%s.spdx.json", p.name, b.version, platform.OS, platform.Arch)
	return built{image: image, sbom: bill, file: file}, err
}

func (b builder) image(
	p program, platform gobuild.Platform, executable string, others []licenses.Module,
) (v1.Image, error) {
	files, err := b.files(p, executable, others)
	if err != nil {
		return nil, err
	}
	return oci.Image(oci.Spec{
		OS: platform.OS, Architecture: platform.Arch, Files: files, Created: b.created,
		Config: v1.Config{
			Entrypoint: []string{"/" + p.name}, User: user + ":" + user, WorkingDir: "/", Labels: b.labels(p),
		},
	})
}

// files are all that an image holds, with the licenses of the modules of others in it.
func (b builder) files(p program, executable string, others []licenses.Module) ([]archive.File, error) {
	content, err := os.ReadFile(executable)
	if err != nil {
		return nil, fmt.Errorf("reading the program: %w", err)
	}
	license, err := os.ReadFile(filepath.Join(b.root, "LICENSE"))
	if err != nil {
		return nil, fmt.Errorf("reading the license: %w", err)
	}
	passwd := "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:" + user + ":" + user + ":nonroot:/:/sbin/nologin\n"
	return []archive.File{
		{Name: p.name, Mode: 0o755, Content: content},
		{Name: "etc/passwd", Mode: 0o644, Content: []byte(passwd)},
		{Name: "etc/group", Mode: 0o644, Content: []byte("root:x:0:\nnonroot:x:" + user + ":\n")},
		{Name: "licenses/LICENSE", Mode: 0o644, Content: license},
		{Name: "licenses/" + licenses.FileName, Mode: 0o644, Content: licenses.File(others)},
	}, nil
}

// labels are those that opencontainers/image-spec:annotations.md defines.
func (b builder) labels(p program) map[string]string {
	const prefix = "org.opencontainers.image."
	labels := map[string]string{
		prefix + "title":         p.title,
		prefix + "description":   p.description,
		prefix + "version":       "v" + b.version,
		prefix + "source":        "https://github.com/meshingress/meshingress",
		prefix + "documentation": "https://github.com/meshingress/meshingress/tree/v" + b.version + "/docs",
		prefix + "licenses":      "Apache-2.0",
		prefix + "vendor":        "The MeshIngress Authors",
	}
	if b.revision != "" {
		labels[prefix+"revision"] = b.revision
	}
	return labels
}
