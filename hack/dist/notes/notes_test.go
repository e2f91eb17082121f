// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package notes_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/hack/dist/notes"
)

func TestWriteListsTheFragmentsByName(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"README.md": "What this folder is for.",
		"second.md": "Second, in\ntwo lines. See [vendors](../vendors.md).\n",
		"first.md":  "First.\n\nApply the CRDs [before](../../README.md#install).\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := notes.Write(notes.Release{
		Version: "1.2.3", URL: "https://example.com/v1.2.3", Images: []string{"a/b:v1.2.3@sha256:0"},
	}, dir)
	if err != nil {
		t.Fatal(err)
	}
	const blob = "https://github.com/meshingress/meshingress/blob/v1.2.3/"
	want := `# MeshIngress v1.2.3

MeshIngress makes an ingress controller work with the Linkerd service mesh: [what it does](` + blob + `README.md).

    kubectl apply --server-side -f https://example.com/v1.2.3/install.yaml

installs it, or brings an installation with kubectl up to date; read the changes first. ` +
		`There are [other ways](` + blob + `docs/install.md): Helm, OLM, and with fewer permissions.

## Changes

- First.

  Apply the CRDs [before](` + blob + `README.md#install).
- Second, in two lines. See [vendors](` + blob + `docs/vendors.md).

## Images

- ` + "`a/b:v1.2.3@sha256:0`" + `

How to verify them, and all other files: [releasing](` + blob + `docs/releasing.md#verify).
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteRefusesAReleaseWithoutChanges(t *testing.T) {
	if _, err := notes.Write(notes.Release{Version: "1.2.3"}, t.TempDir()); err == nil {
		t.Error("there were notes of nothing")
	}
}

// A fragment is prose: of a list or of code, one line would be made.
func TestFragmentsAreProse(t *testing.T) {
	files, err := filepath.Glob("../../../docs/changes/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no fragments: %v", err)
	}
	special := regexp.MustCompile("(?m)^(```|    |\\t|[-*+] |[|>]|#+ |[0-9]+\\. )")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := special.FindString(string(content)); found != "" && filepath.Base(file) != "README.md" {
			t.Errorf("%s has a line that begins with %q", file, found)
		}
	}
}

// The links of the repository's own fragments lead to files that are there.
func TestLinksOfFragmentsLeadSomewhere(t *testing.T) {
	got, err := notes.Write(notes.Release{Version: "1.2.3"}, "../../../docs/changes")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(got), -1) {
		path, ok := strings.CutPrefix(found[1], "https://github.com/meshingress/meshingress/blob/v1.2.3/")
		if !ok {
			if !strings.HasPrefix(found[1], "https://") {
				t.Errorf("the link to %s is relative", found[1])
			}
			continue
		}
		file, _, _ := strings.Cut(path, "#")
		if _, err := os.Stat(filepath.Join("../../..", file)); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
}
