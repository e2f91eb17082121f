// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"

	"github.com/meshingress/meshingress/hack/dist/gobuild"
)

// MediaType is that of the documents, as registered with IANA.
const MediaType = "application/spdx+json"

const (
	organization = "The MeshIngress Authors"
	license      = "Apache-2.0"
	homepage     = "https://github.com/meshingress/meshingress"
	noAssertion  = "NOASSERTION"
)

// Subject is the artifact that a document describes.
type Subject struct {
	// Name of the artifact, such as meshingress/manager, and of its version, such as v0.1.0.
	Name, Version string
	// Purpose is one of SPDX's primary package purposes, such as CONTAINER.
	Purpose string
	// SHA256 is the digest of the artifact, in hexadecimal.
	SHA256 string
	// Created is the time of the document.
	Created time.Time
	// Licenses are those of the modules in it, as SPDX writes them, by the path of the module.
	Licenses map[string]string
}

// Write returns the document of an artifact that contains one program, as JSON. It fails where
// a module that is in the program is not in subject.Licenses.
func Write(subject Subject, program string) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("reading what %s is made of: %w", program, err)
	}
	for _, module := range linked(info) {
		if subject.Licenses[module.Path] == "" {
			return nil, fmt.Errorf("writing the SBOM of %s: nobody said what license %s has", subject.Name, module.Path)
		}
	}
	var out bytes.Buffer
	if err := json.Write(document(subject, info), &out, json.Indent("  ")); err != nil {
		return nil, fmt.Errorf("writing the SBOM of %s: %w", subject.Name, err)
	}
	return out.Bytes(), nil
}

// document relates the artifact to the program's module, and that to all others: a
// program does not tell which of its modules needs which.
func document(subject Subject, info *debug.BuildInfo) *spdx.Document {
	artifact := artifactPackage(subject)
	main := modulePackage(&debug.Module{Path: info.Main.Path, Version: subject.Version})
	main.PackageSupplier = artifact.PackageSupplier
	main.PackageLicenseConcluded, main.PackageLicenseDeclared = license, license
	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: subject.Name + " " + subject.Version,
		// What it describes makes it unique, as SPDX 2.3 asks for in 6.5.
		DocumentNamespace: homepage + "/spdx/" + subject.Name + "/" + subject.Version + "/" + subject.SHA256,
		CreationInfo: &spdx.CreationInfo{
			Created: subject.Created.UTC().Format(time.RFC3339),
			Creators: []common.Creator{
				{CreatorType: "Organization", Creator: organization},
				{CreatorType: "Tool", Creator: "meshingress-sbom-" + subject.Version},
			},
		},
		Packages: []*spdx.Package{artifact, main},
		Relationships: []*spdx.Relationship{
			relationship("DOCUMENT", common.TypeRelationshipDescribe, artifact.PackageSPDXIdentifier),
			relationship(artifact.PackageSPDXIdentifier, common.TypeRelationshipContains, main.PackageSPDXIdentifier),
		},
	}
	for _, module := range linked(info) {
		dependency := modulePackage(module)
		dependency.PackageLicenseDeclared = subject.Licenses[module.Path]
		doc.Packages = append(doc.Packages, dependency)
		doc.Relationships = append(doc.Relationships, relationship(
			main.PackageSPDXIdentifier, common.TypeRelationshipDependsOn, dependency.PackageSPDXIdentifier))
	}
	return doc
}

// linked are the modules in the program besides its own, the standard library first.
func linked(info *debug.BuildInfo) []*debug.Module {
	modules := []*debug.Module{{Path: gobuild.StandardLibrary, Version: strings.TrimPrefix(info.GoVersion, "go")}}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		modules = append(modules, module)
	}
	return modules
}

func artifactPackage(subject Subject) *spdx.Package {
	return &spdx.Package{
		PackageName: subject.Name, PackageVersion: subject.Version, PackageSPDXIdentifier: "Artifact",
		PrimaryPackagePurpose:   subject.Purpose,
		PackageSupplier:         &common.Supplier{SupplierType: "Organization", Supplier: organization},
		PackageDownloadLocation: noAssertion, PackageHomePage: homepage,
		PackageChecksums: []common.Checksum{{Algorithm: common.SHA256, Value: subject.SHA256}},
		// What is concluded would have to be so for the modules of others in it, too.
		PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: license, PackageCopyrightText: noAssertion,
	}
}

// modulePackage describes a module. Its purl is as package-url/purl-spec has it for golang.
func modulePackage(module *debug.Module) *spdx.Package {
	p := &spdx.Package{
		PackageName: module.Path, PackageVersion: module.Version,
		PackageSPDXIdentifier:   identifier(module),
		PrimaryPackagePurpose:   "LIBRARY",
		PackageSupplier:         &common.Supplier{Supplier: noAssertion},
		PackageDownloadLocation: noAssertion,
		PackageLicenseConcluded: noAssertion, PackageLicenseDeclared: noAssertion, PackageCopyrightText: noAssertion,
		PackageExternalReferences: []*spdx.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL,
			Locator: "pkg:golang/" + strings.ToLower(module.Path) + "@" + strings.ReplaceAll(module.Version, "+", "%2B"),
		}},
	}
	if module.Sum != "" {
		// No SPDX checksum: it is one of a list of files, and belongs to no file.
		p.PackageSourceInfo = "go.sum: " + module.Sum
	}
	return p
}

// identifier is unique in a document, as a path is in go.mod. SPDX allows letters, digits,
// dots and hyphens.
func identifier(module *debug.Module) common.ElementID {
	plain := func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-':
			return r
		}
		return '-'
	}
	return common.ElementID("Module-" + strings.Map(plain, module.Path+"-"+module.Version))
}

func relationship(from common.ElementID, kind string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{
		RefA: common.MakeDocElementID("", string(from)), Relationship: kind, RefB: common.MakeDocElementID("", string(to)),
	}
}
