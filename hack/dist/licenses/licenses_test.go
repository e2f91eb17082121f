// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package licenses_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/hack/dist/gobuild"
	"github.com/meshingress/meshingress/hack/dist/licenses"
)

const source = "package pkg // from elsewhere\n"

// repository writes a program that imports a package of another module, beside which others
// lie that it does not import, and the files given.
func repository(t *testing.T, files map[string]string) gobuild.Program {
	t.Helper()
	root := t.TempDir()
	program := map[string]string{
		"go.mod": "module example.com/small\n\ngo 1.26\n\n" +
			"require example.com/other v1.0.0\n\nreplace example.com/other => ./other\n",
		"LICENSE":                 "Do what you like.\n",
		"main.go":                 "package main\n\nimport _ \"example.com/other/deep/pkg\"\n\nfunc main() {}\n",
		"other/go.mod":            "module example.com/other\n",
		"other/deep/pkg/pkg.go":   source,
		"other/unused/unused.go":  source,
		"other/unused/LICENSE":    "Nobody imports this.\n",
		"other/license.go":        source,
		"other/licenses/pages.go": source,
	}
	for _, all := range []map[string]string{program, files} {
		for name, content := range all {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return gobuild.Program{Root: root, Package: ".", Platform: gobuild.Platform{OS: "linux", Arch: "amd64"}}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// licenseOfGo is BSD's.
func licenseOfGo(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return read(t, filepath.Join(strings.TrimSpace(string(root)), "LICENSE"))
}

// other is what the program has from the other module.
func other(t *testing.T, files map[string]string) licenses.Module {
	t.Helper()
	modules, err := licenses.Collect(repository(t, files))
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) != 2 || modules[1].Path != gobuild.StandardLibrary {
		t.Fatalf("the modules are not the other one and the standard library: %+v", modules)
	}
	return modules[0]
}

func TestTheTextsAreThoseBesideWhatIsLinkedAndAbove(t *testing.T) {
	got := other(t, map[string]string{
		"other/LICENSE":           "the license",
		"other/NOTICE.txt":        "the notice",
		"other/deep/License.md":   "the license of something copied",
		"other/deep/pkg/COPYING":  "another one",
		"other/deep/pkg/UNLINKED": "something else",
	})
	want := licenses.Module{Path: "./other", Texts: []licenses.Text{
		{Name: "LICENSE", Content: "the license"},
		{Name: "NOTICE.txt", Content: "the notice"},
		{Name: "deep/License.md", Content: "the license of something copied"},
		{Name: "deep/pkg/COPYING", Content: "another one"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A notice is not enough.
func TestAModuleWithoutALicenseIsAnError(t *testing.T) {
	_, err := licenses.Collect(repository(t, map[string]string{"other/NOTICE": "It is ours."}))
	if err == nil || !strings.Contains(err.Error(), "./other") {
		t.Errorf("got error %v, want one about ./other", err)
	}
}

func TestALicenseHasSPDXsName(t *testing.T) {
	apache, bsd := read(t, "../../../LICENSE"), licenseOfGo(t)
	cases := map[string]struct {
		files map[string]string
		want  string
	}{
		"one":               {map[string]string{"other/LICENSE": apache}, "Apache-2.0"},
		"two, a file each":  {map[string]string{"other/LICENSE": bsd, "other/deep/COPYING": apache}, "Apache-2.0 AND BSD-3-Clause"},
		"two in a file":     {map[string]string{"other/LICENSE": bsd + "\n" + apache}, "Apache-2.0 AND BSD-3-Clause"},
		"no matter notices": {map[string]string{"other/LICENSE": bsd, "other/NOTICE": "It is ours."}, "BSD-3-Clause"},
		"an unknown one":    {map[string]string{"other/LICENSE": "Do what you like."}, licenses.Unknown},
		"one too many":      {map[string]string{"other/LICENSE": bsd, "other/deep/LICENSE": "But pay."}, licenses.Unknown},
		"one that asks for more": {
			map[string]string{"other/LICENSE": "This program is licensed under https://www.gnu.org/licenses/gpl-3.0.html"},
			licenses.Unknown,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := other(t, tc.files).Expression(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestTheFileHasEachTextOnce(t *testing.T) {
	file := string(licenses.File([]licenses.Module{
		{Path: "example.com/a", Version: "v1.0.0", Texts: []licenses.Text{
			{Name: "LICENSE", Content: "Do what you like.\n"}, {Name: "NOTICE", Content: "A is ours.\n"},
		}},
		{Path: "example.com/b", Version: "v2.0.0", Texts: []licenses.Text{
			{Name: "COPYING", Content: "Do what you like.\n"},
		}},
	}))
	line := strings.Repeat("=", 80)
	want := `This program contains the following modules of others.

example.com/a  v1.0.0  NOASSERTION
example.com/b  v2.0.0  NOASSERTION

` + line + `
example.com/a v1.0.0: LICENSE
example.com/b v2.0.0: COPYING
` + line + `

Do what you like.

` + line + `
example.com/a v1.0.0: NOTICE
` + line + `

A is ours.
`
	if diff := cmp.Diff(want, file); diff != "" {
		t.Error(diff)
	}
}

// Whoever adds a dependency learns here that it has no license, or one that asks for more
// than that its text comes along.
func TestWhatWeReleaseMayBePassedOn(t *testing.T) {
	for _, program := range []string{"./cmd/manager", "./cmd/kubectl-meshingress"} {
		for _, system := range []string{"linux", "darwin", "windows"} {
			modules, err := licenses.Collect(gobuild.Program{
				Root: "../../..", Package: program, Platform: gobuild.Platform{OS: system, Arch: "amd64"},
			})
			if err != nil {
				t.Errorf("%s for %s: %v", program, system, err)
			}
			if len(modules) < 2 {
				t.Errorf("%s for %s is made of nothing", program, system)
			}
			for _, m := range modules {
				if m.Expression() == licenses.Unknown {
					t.Errorf("%s for %s: read the license of %s %s", program, system, m.Path, m.Version)
				}
			}
		}
	}
}
