// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/providers/all"
)

const root = "../.."

func TestTheChartIsWhatTheGeneratorWrites(t *testing.T) {
	makefile := read(t, "Makefile")
	version := regexp.MustCompile(`(?m)^VERSION +\?= (.*)$`).FindStringSubmatch(makefile)
	if version == nil {
		t.Fatal("the Makefile has no VERSION")
	}
	want, err := generate(filepath.Join(root, directory), version[1])
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		if diff := cmp.Diff(string(content), read(t, filepath.Join(directory, name))); diff != "" {
			t.Errorf("%s is out of date, run make manifests (-want +got):\n%s", name, diff)
		}
	}
}

func TestCopiesAreEqual(t *testing.T) {
	for pattern, folder := range copied() {
		sources, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		want := contents(t, sources)
		copies, err := filepath.Glob(filepath.Join(root, directory, folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, contents(t, copies)); diff != "" {
			t.Errorf("%s is not in %s, run make manifests (-want +got):\n%s", pattern, folder, diff)
		}
	}
}

// contents are those of files, by their base names.
func contents(t *testing.T, paths []string) map[string]string {
	t.Helper()
	result := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		result[filepath.Base(path)] = string(content)
	}
	return result
}

func TestAllVendorsAreInTheValues(t *testing.T) {
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	var want []any
	for _, p := range registry.All() {
		want = append(want, string(p.Describe().Vendor))
	}
	values, err := readValues([]byte(read(t, filepath.Join(directory, "values.yaml"))))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(values, func(v value) bool { return v.name() == "vendors" })
	if i < 0 {
		t.Fatal("there is no value vendors")
	}
	if diff := cmp.Diff(want, values[i].value); diff != "" {
		t.Errorf("vendors (-want +got):\n%s", diff)
	}
}

func TestValuesAndSchemaMustAgree(t *testing.T) {
	const (
		schema      = `{"$defs": {"vendor": {}, "optIn": {}}, "properties": {"global": {}, "a": {"properties": {"b": {}}}}}`
		permissions = `{vendors: {Kong: {}, Contour: {optIn: {cluster: []}}}}`
	)
	cases := map[string]struct {
		values, schema string
		wantErr        string // part of it; none where they agree
	}{
		"they agree":                     {values: "# A.\na:\n  # B.\n  b: 1\n", schema: schema},
		"a value is not in the schema":   {"# A.\na:\n  # B.\n  b: 1\n# C.\nc: 1\n", schema, "no property c"},
		"an inner one is not":            {"# A.\na:\n  # B.\n  b: 1\n  # C.\n  c: 1\n", schema, "no property a.c"},
		"a property is not in values":    {"{}", schema, "does not list: [a]"},
		"an inner one is not in values":  {"# A.\na: {}\n", schema, "does not list: [b]"},
		"a value has no comment":         {"a: {}\n", schema, "a of values.yaml has no comment"},
		"an inner value has no comment":  {"# A.\na:\n  b: 1\n", schema, "a.b of values.yaml has no comment"},
		"the vendors have no definition": {"{}", `{"$defs": {"optIn": {}}}`, "no definition vendor"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			values, err := readValues([]byte(tc.values))
			if err != nil {
				t.Fatal(err)
			}
			_, err = completeSchema([]byte(tc.schema), values, []byte(permissions))
			if tc.wantErr == "" && err != nil {
				t.Error(err)
			}
			if tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)) {
				t.Errorf("the error is %v, not %q", err, tc.wantErr)
			}
		})
	}
}

func TestSetVersion(t *testing.T) {
	const chartfile = "name: x\nversion: 1.0.0\nappVersion: 0.9.0\n"
	got, err := setVersion([]byte(chartfile), "2.0.0-rc.1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("name: x\nversion: 2.0.0-rc.1\nappVersion: 2.0.0-rc.1\n", string(got)); diff != "" {
		t.Errorf("Chart.yaml (-want +got):\n%s", diff)
	}
	if _, err := setVersion([]byte("version: 1.0.0\n"), "2.0.0"); err == nil {
		t.Error("a Chart.yaml without appVersion was accepted")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
