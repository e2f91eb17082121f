// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func goFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.go")
	if err := os.WriteFile(path, []byte("package p\n"+content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadConditions(t *testing.T) {
	path := goFile(t, `
const (
	// ConditionFull says whether the box
	// is full.
	//
	// It can be both.
	//
	// Box, True: Full. False: Empty,
	// Broken. Crate, Unknown: Empty.
	ConditionFull = "IsFull"
)

const (
	ReasonFull   = "Full"
	ReasonEmpty  = "Empty"
	ReasonBroken = "Broken"
)
`)
	want := []condition{{
		Type:    "IsFull",
		Meaning: "Says whether the box is full. It can be both.",
		Reasons: []reasons{
			{Kind: "Box", Status: "True", Names: []string{"Full"}},
			{Kind: "Box", Status: "False", Names: []string{"Empty", "Broken"}},
			{Kind: "Crate", Status: "Unknown", Names: []string{"Empty"}},
		},
	}}
	got, err := readConditions(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
}

func TestReadConditionsFails(t *testing.T) {
	cases := map[string]string{
		"on a reason that is not declared": `
// ConditionA is a condition.
//
// True: Tpyo.
const ConditionA = "A"
const ReasonTypo = "Typo"
`,
		"on a comment without reasons": `
// ConditionA is a condition.
const ConditionA = "A"
const ReasonA = "A"
`,
		"on a file without conditions": `const ReasonA = "A"`,
		"on a file that is no Go":      `const const`,
	}
	for name, content := range cases {
		t.Run(name, func(t *testing.T) {
			if got, err := readConditions(goFile(t, content)); err == nil {
				t.Errorf("no error, but %v", got)
			}
		})
	}
}

func TestReadConstantsTakesStringsOfThePrefix(t *testing.T) {
	path := goFile(t, `
const (
	// ColorRed is like a rose.
	ColorRed Color = "red"
	ColorCount = 1
	Shape = "round"
)
var ColorBlue = "blue"
`)
	got, err := readConstants(path, "Color")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]constant{{Name: "Red", Value: "red", Doc: "is like a rose."}}, got); diff != "" {
		t.Errorf("constants (-want +got):\n%s", diff)
	}
}
