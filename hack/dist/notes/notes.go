// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package notes

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Release is what the notes are of.
type Release struct {
	// Version without v.
	Version string
	// URL is where the files of the release are.
	URL string
	// Images are the released images, each as REPOSITORY:TAG@DIGEST.
	Images []string
}

// introduction takes the version, where the files are, and the repository. Each paragraph is
// one line, here and below: GitHub shows the end of a line as such in the text of a release.
const introduction = `# MeshIngress v%[1]s

MeshIngress makes an ingress controller work with the Linkerd service mesh: [what it does](%[3]s/blob/v%[1]s/README.md).

    kubectl apply --server-side -f %[2]s/install.yaml

installs it, or brings an installation with kubectl up to date; read the changes first. ` +
	`There are [other ways](%[3]s/blob/v%[1]s/docs/install.md): Helm, OLM, and with fewer permissions.

## Changes

`

const repository = "https://github.com/meshingress/meshingress"

// Write returns the notes, in Markdown, of the fragments in the directory changes, by name.
// It fails where there is none: a release that changes nothing is a mistake.
func Write(release Release, changes string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(changes, "*.md"))
	if err != nil {
		return nil, fmt.Errorf("looking for change fragments: %w", err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { return filepath.Base(file) == "README.md" })
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no change fragment in %s", changes)
	}
	var out strings.Builder
	fmt.Fprintf(&out, introduction, release.Version, release.URL, repository)
	for _, file := range files {
		fragment, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a change fragment: %w", err)
		}
		out.WriteString(item(absolute(release, string(fragment))))
	}
	out.WriteString("\n## Images\n\n")
	for _, image := range release.Images {
		fmt.Fprintf(&out, "- `%s`\n", image)
	}
	fmt.Fprintf(&out, "\nHow to verify them, and all other files: [releasing](%s/blob/v%s/docs/releasing.md#verify).\n",
		repository, release.Version)
	return []byte(out.String()), nil
}

// item makes a fragment one item of a list, of as many paragraphs as the fragment has.
func item(fragment string) string {
	var paragraphs []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(fragment), "\n\n") {
		paragraphs = append(paragraphs, strings.ReplaceAll(strings.TrimSpace(paragraph), "\n", " "))
	}
	return "- " + strings.Join(paragraphs, "\n\n  ") + "\n"
}

// link is a link to a file as docs/changes has it: relative to that directory.
var link = regexp.MustCompile(`\]\(\.\./([^)]+)\)`)

// absolute makes the links to files of the repository work elsewhere.
func absolute(release Release, fragment string) string {
	return link.ReplaceAllStringFunc(fragment, func(found string) string {
		target := link.FindStringSubmatch(found)[1]
		inRepository := filepath.ToSlash(filepath.Join("docs", target))
		return "](" + repository + "/blob/v" + release.Version + "/" + inRepository + ")"
	})
}
