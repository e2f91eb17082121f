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
	// Images are the released images, each as REPOSITORY:TAG@DIGEST.
	Images []string
}

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
	fmt.Fprintf(&out, "# MeshIngress v%s\n\n## Changes\n\n", release.Version)
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
	lines := strings.Split(strings.TrimSpace(fragment), "\n")
	for i, line := range lines {
		switch {
		case i == 0:
			lines[i] = "- " + line
		case line != "":
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n") + "\n"
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
