// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gobuild

import (
	"fmt"
	"path/filepath"
)

// Platform is what a program runs on, in the names of Go and of OCI.
type Platform struct{ OS, Arch string }

// String is the platform as OCI writes it, such as linux/amd64.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Program is one of the commands of the operator's module.
type Program struct {
	// Root is the directory of the module, Package a package in it, such as ./cmd/manager.
	Root, Package string
	Platform      Platform
	// Version is what the program prints as its version, such as v0.1.0.
	Version string
}

// Build writes the executable to path.
func (p Program) Build(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("finding %s: %w", path, err)
	}
	_, err = p.run("build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version="+p.Version, "-o", path, p.Package)
	return err
}

// environment pins what go takes from the environment and what shows in its output. None
// is empty: go would take that as unset and look into its own file of settings.
func (p Program) environment() []string {
	return []string{
		"GOOS=" + p.Platform.OS, "GOARCH=" + p.Platform.Arch,
		"GOAMD64=v1", "GOARM64=v8.0",
		"CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOFIPS140=off", "GOWORK=off",
	}
}
