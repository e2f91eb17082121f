// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package crdschema_test

import (
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/internal/crdschema"
)

func load(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	err := yaml.UnmarshalStrict([]byte(`
spec:
  group: fake.test
  names: {kind: Route}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        description: a route
        properties:
          spec: {properties: {routingType: {type: string}, other: {properties: {deep: {type: string}}}}}
  - {name: v2, served: true}
  - name: v0
    served: false
    schema: {openAPIV3Schema: {properties: {spec: {properties: {routingType: {type: string}}}}}}
`), crd)
	if err != nil {
		t.Fatal(err)
	}
	return crd
}

func TestServes(t *testing.T) {
	whole, stripped := load(t), load(t)
	crdschema.Strip(stripped, []string{"spec.routingType", "spec.other.deep", "spec.unknown"})
	tests := map[string]struct {
		version, path string
		want          bool
	}{
		"a version":                    {"v1", "", true},
		"a field":                      {"v1", "spec.routingType", true},
		"a field further down":         {"v1", "spec.other.deep", true},
		"a field that is not there":    {"v1", "spec.unknown", false},
		"a field below a leaf":         {"v1", "spec.routingType.deep", false},
		"a version without schema":     {"v2", "", true},
		"a field of no schema":         {"v2", "spec.routingType", false},
		"a version that is not served": {"v0", "spec.routingType", false},
		"an unknown version":           {"v3", "", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := crdschema.Serves(whole, tc.version, tc.path); got != tc.want {
				t.Errorf("Serves = %v, want %v", got, tc.want)
			}
			if got := crdschema.Serves(stripped, tc.version, tc.path); got != tc.want {
				t.Errorf("Serves of what Strip left = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestStripLeavesNothingElse(t *testing.T) {
	crd := load(t)
	crdschema.Strip(crd, []string{"spec.routingType"})
	root := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	if root.Description != "" || len(root.Properties["spec"].Properties) != 1 {
		t.Errorf("Strip left %+v", root)
	}
	crdschema.Strip(crd, nil)
	if crd.Spec.Versions[0].Schema != nil {
		t.Error("Strip left a schema of which nothing is needed")
	}
}
