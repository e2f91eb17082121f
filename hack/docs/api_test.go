// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func parseSchema(t *testing.T, text string) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	var s apiextensionsv1.JSONSchemaProps
	if err := yaml.UnmarshalStrict([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFieldRows(t *testing.T) {
	spec := parseSchema(t, `
required: [names]
properties:
  names:
    type: array
    description: |-
      names of
      things.
    items: {type: string}
  parts:
    type: array
    items:
      type: object
      properties:
        size: {type: integer, default: 3}
  labels:
    type: object
    additionalProperties: {type: string}
  port:
    x-kubernetes-int-or-string: true
  conditions:
    type: array
    items:
      type: object
      properties:
        type: {type: string}
`)
	want := [][]string{
		{"`spec.conditions`", "list of object", "", "", ""},
		{"`spec.labels`", "map of string", "", "", ""},
		{"`spec.names`", "list of string", "", "required", "names of things."},
		{"`spec.parts`", "list of object", "", "", ""},
		{"`spec.parts[].size`", "integer", "`3`", "", ""},
		{"`spec.port`", "integer or string", "", "", ""},
	}
	if diff := cmp.Diff(want, fieldRows("spec", spec)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestValidation(t *testing.T) {
	cases := map[string]struct {
		schema   string
		required bool
		want     []string
	}{
		"nothing is checked":     {schema: `{type: string}`},
		"required":               {schema: `{type: string}`, required: true, want: []string{"required"}},
		"choice":                 {schema: `{enum: [A, B]}`, want: []string{"one of `A`, `B`"}},
		"length":                 {schema: `{minLength: 1, maxLength: 63}`, want: []string{"1 to 63 characters"}},
		"length from nothing":    {schema: `{minLength: 0, maxLength: 63}`, want: []string{"at most 63 characters"}},
		"fixed length":           {schema: `{minLength: 1, maxLength: 1}`, want: []string{"1 character"}},
		"least number of items":  {schema: `{minItems: 2}`, want: []string{"at least 2 items"}},
		"number of entries":      {schema: `{maxProperties: 4}`, want: []string{"at most 4 entries"}},
		"range of a number":      {schema: `{minimum: 1, maximum: 65535}`, want: []string{"1 to 65535"}},
		"a number from below":    {schema: `{minimum: 0}`, want: []string{"at least 0"}},
		"a number from above":    {schema: `{maximum: 1000000}`, want: []string{"at most 1000000"}},
		"pattern":                {schema: `{pattern: '^a$'}`, want: []string{"matches `^a$`"}},
		"keys of a list":         {schema: `{x-kubernetes-list-map-keys: [a, b]}`, want: []string{"unique by `a`, `b`"}},
		"a set":                  {schema: `{x-kubernetes-list-type: set}`, want: []string{"no item twice"}},
		"a rule with a message":  {schema: `{x-kubernetes-validations: [{rule: r, message: m}]}`, want: []string{"m"}},
		"a rule without message": {schema: `{x-kubernetes-validations: [{rule: r}]}`, want: []string{"`r`"}},
		"items": {
			schema: `{maxItems: 2, items: {minLength: 1}}`,
			want:   []string{"at most 2 items", "each: at least 1 character"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, validation(parseSchema(t, tc.schema), tc.required)); diff != "" {
				t.Errorf("validation (-want +got):\n%s", diff)
			}
		})
	}
}

const smallCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: boxes.example.com
spec:
  group: example.com
  names: {kind: Box, plural: boxes, shortNames: [bx]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        description: A Box holds things.
        properties:
          apiVersion: {type: string}
          spec:
            description: spec is what is wanted.
            x-kubernetes-validations: [{rule: r, message: set one of a and b}]
            properties:
              size: {type: string, description: "size <n>, a|b."}
`

const smallPage = "# API\n\n" +
	"`[]` after a field means each item of a list, `{}` each value of a map. " +
	"The API server checks what is under Validation before an object is stored.\n\n" +
	`## Box

A Box holds things.

- apiVersion: ` + "`example.com/v1`" + `
- kubectl: ` + "`boxes`, `bx`" + `
- scope: Namespaced

### Box spec

spec is what is wanted.

- set one of a and b

| Field | Type | Default | Validation | Description |
| --- | --- | --- | --- | --- |
| ` + "`spec.size`" + ` | string | | | size \<n>, a\|b. |

## Conditions

Each condition carries ` + "`observedGeneration`" + ` and speaks of what was observed. ` +
	"A reason is a word for programs; the message says what to do.\n\n" +
	`### Full

Says whether the box is full.

| Status | Reasons |
| --- | --- |
| True | ` + "`Full`" + ` |
`

func TestAPIPage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "box.yaml"), []byte(smallCRD), 0o600); err != nil {
		t.Fatal(err)
	}
	crds, err := readCRDs(dir)
	if err != nil {
		t.Fatal(err)
	}
	full := condition{
		Type: "Full", Meaning: "Says whether the box is full.",
		Reasons: []reasons{{Status: "True", Names: []string{"Full"}}},
	}
	if diff := cmp.Diff(smallPage, apiPage(crds, []condition{full})); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

func TestADirectoryWithoutCRDsIsAnError(t *testing.T) {
	if _, err := readCRDs(t.TempDir()); err == nil {
		t.Error("no error")
	}
}
