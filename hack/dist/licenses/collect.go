// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package licenses

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/meshingress/meshingress/hack/dist/gobuild"
)

// Module is a module of others that is in a program, with its texts.
type Module struct {
	// Path and Version are as in the build information of the program. Path is
	// gobuild.StandardLibrary for that of Go.
	Path, Version string
	// Texts are at least one license, and all other texts that belong to it, by name.
	Texts []Text
}

// Text is a file of a module.
type Text struct {
	// Name is its path in the module, with slashes.
	Name    string
	Content string
}

var (
	// license is what files with the terms are called, and besides those that go with them.
	license = regexp.MustCompile(`(?i)^(licen[sc]e|copying|unlicense)`)
	besides = regexp.MustCompile(`(?i)^(notice|copyright|patents)`)
)

// Collect returns the modules in the program, by path. It looks for texts beside each package
// that is linked, and in all directories above it, up to its module's. A module without a
// license is an error.
func Collect(program gobuild.Program) ([]Module, error) {
	packages, err := program.Packages()
	if err != nil {
		return nil, err
	}
	found := map[gobuild.Module]map[string]string{} // the content of texts, by name
	for _, p := range packages {
		if found[p.Module] == nil {
			found[p.Module] = map[string]string{}
		}
		if err := addTexts(found[p.Module], p); err != nil {
			return nil, err
		}
	}
	var modules []Module
	for module, texts := range found {
		modules = append(modules, Module{Path: module.Path, Version: module.Version, Texts: byName(texts)})
	}
	slices.SortFunc(modules, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
	return modules, check(modules)
}

func byName(texts map[string]string) []Text {
	var all []Text
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		all = append(all, Text{Name: name, Content: texts[name]})
	}
	return all
}

func check(modules []Module) error {
	var errs []error
	for _, m := range modules {
		if !slices.ContainsFunc(m.Texts, Text.isLicense) {
			errs = append(errs, fmt.Errorf("the module %s %s has no license", m.Path, m.Version))
		}
	}
	return errors.Join(errs...)
}

// addTexts adds the texts that are for a package.
func addTexts(texts map[string]string, p gobuild.Package) error {
	dir, err := filepath.Rel(p.Module.Dir, p.Dir)
	if err != nil {
		return fmt.Errorf("looking for licenses of %s: %w", p.Module.Path, err)
	}
	for ; ; dir = filepath.Dir(dir) {
		entries, err := os.ReadDir(filepath.Join(p.Module.Dir, dir))
		if err != nil {
			return fmt.Errorf("looking for licenses of %s: %w", p.Module.Path, err)
		}
		for _, entry := range entries {
			if !isText(entry) || isForObjects(p.Module, dir) {
				continue
			}
			content, err := os.ReadFile(filepath.Join(p.Module.Dir, dir, entry.Name()))
			if err != nil {
				return fmt.Errorf("reading a license of %s: %w", p.Module.Path, err)
			}
			texts[path.Join(filepath.ToSlash(dir), entry.Name())] = string(content)
		}
		if dir == "." {
			return nil
		}
	}
}

// isForObjects says whether the license in a directory is for compiled objects beside the
// package, which only a build with GOEXPERIMENT=boringcrypto and cgo links.
func isForObjects(m gobuild.Module, dir string) bool {
	return m.Path == gobuild.StandardLibrary && filepath.ToSlash(dir) == "src/crypto/internal/boring"
}

func isText(entry fs.DirEntry) bool {
	name := entry.Name()
	return entry.Type().IsRegular() && path.Ext(name) != ".go" &&
		(license.MatchString(name) || besides.MatchString(name))
}

func (t Text) isLicense() bool { return license.MatchString(path.Base(t.Name)) }
