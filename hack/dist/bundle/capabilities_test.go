// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const capabilitiesPage = root + "/docs/capabilities.md"

var (
	claimedLevel = regexp.MustCompile(`The bundle claims \*\*(.+)\*\*`)

	// "| Claim. | [name of a test](../path/to/its_test.go) |", or "none yet" for the test.
	claimRow = regexp.MustCompile(`(?m)^\| ([^|]+\.) \| (?:\[(.+)\]\((.+_test\.go)\)|none yet) \|$`)
)

// claim of a capability level and the test that shows it.
type claim struct{ text, test, file string }

func TestTheBundleClaimsTheLevelOfThePage(t *testing.T) {
	page := readPage(t)
	got := load(t, root+"/bundle").CSV.Annotations["capabilities"]
	if m := claimedLevel.FindStringSubmatch(page); m == nil || m[1] != got {
		t.Errorf("the bundle claims %q, and docs/capabilities.md something else: %q", got, m)
	}
	for _, level := range levelsUpTo(t, page, got) {
		if len(level.claims) == 0 {
			t.Errorf("%s has no claims", level.name)
		}
		for _, c := range level.claims {
			if c.test == "" {
				t.Errorf("%s: no test shows that %q", level.name, c.text)
			}
		}
	}
}

func TestEachClaimNamesATestThatIsThere(t *testing.T) {
	for _, level := range levelsUpTo(t, readPage(t), "Auto Pilot") {
		for _, c := range level.claims {
			if c.test == "" {
				continue
			}
			content, err := os.ReadFile(filepath.Join(filepath.Dir(capabilitiesPage), c.file))
			if err != nil {
				t.Errorf("%s: %v", c.text, err)
			}
			if !declares(string(content), c.test) {
				t.Errorf("%s: %s has no test %q", c.text, c.file, c.test)
			}
		}
	}
}

// declares reports whether a file has a test function, a spec or a table of specs of the name.
func declares(content, name string) bool {
	for _, form := range []string{"func %s(t *testing.T)", "It(%q, func", "DescribeTable(%q, func"} {
		if strings.Contains(content, fmt.Sprintf(form, name)) {
			return true
		}
	}
	return false
}

func TestDeclares(t *testing.T) {
	const content = "func TestThis(t *testing.T) {\n\tIt(\"does that\", func(ctx SpecContext) {\n" +
		"\tDescribeTable(\"does all\", func(ctx SpecContext) {"
	for name, want := range map[string]bool{
		"TestThis": true, "does that": true, "does all": true, "TestT": false, "does": false,
	} {
		if declares(content, name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

type level struct {
	name   string
	claims []claim
}

// levelsUpTo returns the chapters of the page up to that of a level.
func levelsUpTo(t *testing.T, page, last string) []level {
	t.Helper()
	var levels []level
	for _, chapter := range strings.Split(page, "\n## ")[1:] {
		l := level{}
		l.name, _, _ = strings.Cut(chapter, "\n")
		rows := claimRow.FindAllStringSubmatch(chapter, -1)
		if want := strings.Count(chapter, "\n| ") - 2; len(rows) != want {
			t.Errorf("%s: %d of %d rows are claims", l.name, len(rows), want)
		}
		for _, m := range rows {
			l.claims = append(l.claims, claim{text: m[1], test: m[2], file: m[3]})
		}
		levels = append(levels, l)
		if l.name == last {
			return levels
		}
	}
	t.Fatalf("docs/capabilities.md has no chapter %q", last)
	return nil
}

func readPage(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(capabilitiesPage)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
