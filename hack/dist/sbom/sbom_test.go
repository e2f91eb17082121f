// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package sbom_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/meshingress/meshingress/hack/dist/gobuild"
	"github.com/meshingress/meshingress/hack/dist/licenses"
	"github.com/meshingress/meshingress/hack/dist/sbom"
)

// tool is a program with many modules in it. It is one of this module's tools, and so is
// built anyway.
var tool = gobuild.Program{
	Root: ".", Package: "sigs.k8s.io/krew/cmd/validate-krew-manifest",
	Platform: gobuild.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH},
}

// program builds the tool, as it is built anyway.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	out, err := exec.Command("go", "build", "-o", path, tool.Package).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// subject is an artifact with the tool in it.
func subject(t *testing.T) sbom.Subject {
	t.Helper()
	modules, err := licenses.Collect(tool)
	if err != nil {
		t.Fatal(err)
	}
	return sbom.Subject{
		Name: "meshingress/manager", Version: "v0.1.0", Purpose: "CONTAINER",
		SHA256: strings.Repeat("ab", 32), Created: time.Unix(0, 0), Licenses: licenses.Expressions(modules),
	}
}

func document(t *testing.T, subject sbom.Subject, program string) *spdx.Document {
	t.Helper()
	written, err := sbom.Write(subject, program)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Read(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Each module that go finds in the program is in the bill, with the checksum of go.sum, and
// no other.
func TestEachModuleIsInTheBill(t *testing.T) {
	program := program(t)
	out, err := exec.Command("go", "version", "-m", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) < 3:
		case fields[0] == "dep":
			want = append(want, module(fields[1:]))
		}
	}
	if len(want) == 0 {
		t.Fatal("go finds no module in this program")
	}
	var got []string
	for _, p := range document(t, subject(t), program).Packages[3:] { // after the image, the module and the standard library
		got = append(got, strings.TrimSpace(p.PackageName+" "+p.PackageVersion+" "+p.PackageSourceInfo))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// module is a line of `go version -m`: path, version, and the checksum if it is no directory.
func module(fields []string) string {
	if len(fields) < 3 {
		return strings.Join(fields, " ")
	}
	return fields[0] + " " + fields[1] + " go.sum: " + fields[2]
}

func TestTheBillSaysWhatItIsOf(t *testing.T) {
	subject := subject(t)
	packages := document(t, subject, program(t)).Packages
	image, stdlib := packages[0], packages[2]
	if image.PackageName != subject.Name || image.PackageVersion != subject.Version ||
		image.PackageChecksums[0].Value != subject.SHA256 || image.PrimaryPackagePurpose != "CONTAINER" {
		t.Errorf("the first package is no image: %+v", image)
	}
	if locator := stdlib.PackageExternalReferences[0].Locator; !strings.HasPrefix(locator, "pkg:golang/stdlib@1.") {
		t.Errorf("the standard library is %q", locator)
	}
}

// The fields are those that SPDX 2.3 makes mandatory, and NTIA's minimum elements.
func TestTheBillHasWhatSPDXAsksFor(t *testing.T) {
	subject := subject(t)
	doc := document(t, subject, program(t))
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Error(err)
	}
	if doc.SPDXVersion != "SPDX-2.3" || doc.DataLicense != "CC0-1.0" || doc.SPDXIdentifier != "DOCUMENT" {
		t.Errorf("the document is %s, %s, %s", doc.SPDXVersion, doc.DataLicense, doc.SPDXIdentifier)
	}
	if doc.DocumentName == "" || !strings.Contains(doc.DocumentNamespace, subject.SHA256) {
		t.Errorf("the document %q has the namespace %q", doc.DocumentName, doc.DocumentNamespace)
	}
	if doc.CreationInfo.Created != "1970-01-01T00:00:00Z" || len(doc.CreationInfo.Creators) == 0 {
		t.Errorf("the document was created so: %+v", doc.CreationInfo)
	}
	idString := regexp.MustCompile(`^[A-Za-z0-9.-]+$`)
	seen := map[string]bool{}
	for _, p := range doc.Packages {
		id := string(p.PackageSPDXIdentifier)
		if !idString.MatchString(id) || seen[id] {
			t.Errorf("the identifier %q is wrong, or there twice", id)
		}
		seen[id] = true
		if p.PackageName == "" || p.PackageDownloadLocation == "" || p.PackageSupplier == nil || p.FilesAnalyzed {
			t.Errorf("a field of the package %q is missing: %+v", id, p)
		}
	}
	if related := relatedIDs(doc); len(related) != len(doc.Packages) {
		t.Errorf("%d of %d packages are related to anything", len(related), len(doc.Packages))
	}
}

func relatedIDs(doc *spdx.Document) []string {
	var ids []string
	for _, r := range doc.Relationships {
		ids = append(ids, string(r.RefB.ElementRefID))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// The licenses come from the sources of what is linked, and the modules from the program
// itself: each holds the other to be complete.
func TestEachModuleHasItsLicense(t *testing.T) {
	subject, program := subject(t), program(t)
	for _, p := range document(t, subject, program).Packages[2:] { // after the image and the module
		if want := subject.Licenses[p.PackageName]; p.PackageLicenseDeclared != want || want == "" {
			t.Errorf("%s has the license %q, want %q", p.PackageName, p.PackageLicenseDeclared, want)
		}
	}
	delete(subject.Licenses, "sigs.k8s.io/yaml")
	if _, err := sbom.Write(subject, program); err == nil || !strings.Contains(err.Error(), "sigs.k8s.io/yaml") {
		t.Errorf("got error %v, want one about sigs.k8s.io/yaml", err)
	}
}

func TestWriteRefusesWhatIsNoProgram(t *testing.T) {
	if _, err := sbom.Write(sbom.Subject{}, "sbom_test.go"); err == nil {
		t.Error("there is a bill of a text")
	}
}
