// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/spdx/tools-golang/json"

	"github.com/meshingress/meshingress/hack/dist/krew"
)

func (r release) checkBundle() error {
	bundle, err := manifests.GetBundleFromDir(filepath.Join(r.dist, "bundle"))
	if err != nil {
		return fmt.Errorf("reading the bundle: %w", err)
	}
	if got := bundle.CSV.Spec.Version.String(); got != r.version || bundle.CSV.Name != "meshingress.v"+r.version {
		return fmt.Errorf("the bundle %s has the version %s", bundle.CSV.Name, got)
	}
	return nil
}

// checkPlugin lets krew validate its manifest and install every archive.
func (r release) checkPlugin() error {
	content, err := os.ReadFile(r.pluginManifest())
	if err != nil {
		return fmt.Errorf("reading krew's manifest: %w", err)
	}
	plugin, err := krew.Parse(content)
	if err != nil {
		return err
	}
	if plugin.Spec.Version != "v"+r.version {
		return fmt.Errorf("krew's manifest has the version %s", plugin.Spec.Version)
	}
	programs, err := krew.New()
	if err != nil {
		return err
	}
	errs := []error{programs.Validate(r.pluginManifest())}
	for _, archive := range r.pluginArchives() {
		errs = append(errs, r.install(programs, archive))
	}
	return errors.Join(errs...)
}

func (r release) install(programs krew.Krew, archive krew.Archive) error {
	dir, err := os.MkdirTemp("", "meshingress-krew-")
	if err != nil {
		return fmt.Errorf("making a directory for krew: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return programs.Install(dir, r.pluginManifest(), archive)
}

// checkBills reads what the SBOMs say that they are of.
func (r release) checkBills() error {
	files, err := filepath.Glob(filepath.Join(r.dist, "*", "*.spdx.json"))
	if err != nil {
		return fmt.Errorf("looking for SBOMs: %w", err)
	}
	var errs []error
	for _, file := range files {
		if err := r.checkBill(file); err != nil {
			errs = append(errs, fmt.Errorf("the SBOM %s: %w", file, err))
		}
	}
	return errors.Join(errs...)
}

func (r release) checkBill(file string) error {
	opened, err := os.Open(file)
	if err != nil {
		return err
	}
	defer opened.Close()
	doc, err := json.Read(opened)
	if err != nil {
		return err
	}
	if len(doc.Packages) == 0 || doc.Packages[0].PackageVersion != "v"+r.version {
		return fmt.Errorf("it is of another version")
	}
	return nil
}
