// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gobuild

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// StandardLibrary is the path that stands for the module that Go itself is. Databases of
// vulnerabilities call it the same.
const StandardLibrary = "stdlib"

// Module is one that a program is made of.
type Module struct {
	// Path and Version are those of what replaces it, where go.mod says so.
	Path, Version string
	// Dir is where its files are.
	Dir string
}

// Package is one that is linked into a program.
type Package struct {
	// Dir is where its files are, Module what it belongs to.
	Dir    string
	Module Module
}

// Packages are those of other modules and of the standard library that Build links.
func (p Program) Packages() ([]Package, error) {
	standard, err := p.standardLibrary()
	if err != nil {
		return nil, err
	}
	out, err := p.run("list", "-deps", "-json=Dir,Standard,Module", p.Package)
	if err != nil {
		return nil, err
	}
	var packages []Package
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed listedPackage
		switch err := decoder.Decode(&listed); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("reading the packages of %s: %w", p.Package, err)
		case listed.Standard:
			packages = append(packages, Package{Dir: listed.Dir, Module: standard})
		case !listed.Module.Main:
			packages = append(packages, Package{Dir: listed.Dir, Module: listed.module()})
		}
	}
}

// listedPackage is what `go list` says of a package; see `go help list`.
type listedPackage struct {
	Dir      string
	Standard bool
	Module   struct {
		Path, Version, Dir string
		Main               bool
		Replace            *Module
	}
}

func (l listedPackage) module() Module {
	if l.Module.Replace != nil {
		return *l.Module.Replace
	}
	return Module{Path: l.Module.Path, Version: l.Module.Version, Dir: l.Module.Dir}
}

func (p Program) standardLibrary() (Module, error) {
	out, err := p.run("env", "GOROOT", "GOVERSION")
	if err != nil {
		return Module{}, err
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return Module{Path: StandardLibrary, Version: strings.TrimPrefix(version, "go"), Dir: root}, nil
}

// run runs go as Build does, and returns what it prints.
func (p Program) run(args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = p.Root
	cmd.Env = append(os.Environ(), p.environment()...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running go %s for %s: %w\n%s", args[0], p.Platform, err, &stderr)
	}
	return out, nil
}
