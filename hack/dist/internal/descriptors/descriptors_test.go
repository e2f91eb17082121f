// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package descriptors

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/config/crd"
)

func TestSpec(t *testing.T) {
	got := Spec(schema(t, `
required: [vendor]
x-kubernetes-validations:
- {rule: "!has(self.haproxy) || self.vendor == 'HAProxy'"}
properties:
  haproxy:
    description: haproxy is for one vendor.
    type: object
    properties:
      staticIPName: {type: string}
  rules:
    type: array
    items:
      type: object
      properties:
        port: {type: object, properties: {number: {type: integer}}}
        secretName: {type: string}
  enabled: {type: boolean}
  vendor:
    description: |-
      vendor is
      the product.
    type: string
    enum: [HAProxy, Other]
`))
	want := []operatorsv1alpha1.SpecDescriptor{
		{
			Path: "vendor", DisplayName: "Vendor", Description: "vendor is the product.",
			XDescriptors: []string{ui + "select:HAProxy", ui + "select:Other"},
		},
		{Path: "enabled", DisplayName: "Enabled", XDescriptors: []string{ui + "booleanSwitch"}},
		{Path: "rules", DisplayName: "Rules"},
		{
			Path: "rules[0].port", DisplayName: "Port",
			XDescriptors: []string{ui + "arrayFieldGroup:rules"},
		},
		{
			Path: "rules[0].port.number", DisplayName: "Port Number",
			XDescriptors: []string{ui + "arrayFieldGroup:rules", ui + "number"},
		},
		{
			Path: "rules[0].secretName", DisplayName: "Secret Name",
			XDescriptors: []string{ui + "arrayFieldGroup:rules", kubernetes + "Secret"},
		},
		{
			Path: "haproxy", DisplayName: "HAProxy", Description: "haproxy is for one vendor.",
			XDescriptors: []string{ui + "fieldGroup:haproxy", ui + "fieldDependency:vendor:HAProxy"},
		},
		{
			Path: "haproxy.staticIPName", DisplayName: "Static IP Name",
			XDescriptors: []string{ui + "fieldGroup:haproxy", text, ui + "fieldDependency:vendor:HAProxy"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStatus(t *testing.T) {
	got := Status(schema(t, `
properties:
  conditions: {type: array, items: {type: object, properties: {type: {type: string}}}}
  linkerd: {type: object, properties: {version: {type: string}}}
  ambassadorIDs: {type: array, items: {type: string}}
`))
	want := []operatorsv1alpha1.StatusDescriptor{
		{Path: "ambassadorIDs", DisplayName: "Ambassador IDs"},
		{Path: "conditions", DisplayName: "Conditions", XDescriptors: []string{conditions}},
		{Path: "linkerd", DisplayName: "Linkerd"},
		{Path: "linkerd.version", DisplayName: "Linkerd Version", XDescriptors: []string{text}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a person sets has a descriptor with a text, in every CRD that there is; so has
// every field of a status.
func TestEveryFieldOfTheCRDsIsDescribed(t *testing.T) {
	crds, err := crd.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range crds {
		for _, v := range c.Spec.Versions {
			root := v.Schema.OpenAPIV3Schema
			described := map[string]string{}
			for _, d := range Spec(root.Properties["spec"]) {
				described["spec."+d.Path] = d.Description
			}
			for _, d := range Status(root.Properties["status"]) {
				described["status."+d.Path] = d.Description
			}
			for _, path := range slices.Concat(leaves("spec", root.Properties["spec"]), tops(root, "status")) {
				if described[path] == "" {
					t.Errorf("%s %s: %s is not described", c.Spec.Names.Kind, v.Name, path)
				}
			}
		}
	}
}

// leaves lists the paths of everything that has a value of its own.
func leaves(path string, s apiextensionsv1.JSONSchemaProps) []string {
	switch {
	case s.Items != nil && s.Items.Schema.Type == "object":
		return append(leaves(path+"[0]", *s.Items.Schema), path)
	case s.Type != "object", s.AdditionalProperties != nil, strings.HasSuffix(path, ".selector"):
		return []string{path}
	}
	var paths []string
	for name, field := range s.Properties {
		paths = append(paths, leaves(fmt.Sprintf("%s.%s", path, name), field)...)
	}
	return paths
}

func tops(root *apiextensionsv1.JSONSchemaProps, part string) []string {
	var paths []string
	for name := range root.Properties[part].Properties {
		paths = append(paths, part+"."+name)
	}
	return paths
}

func schema(t *testing.T, text string) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	var s apiextensionsv1.JSONSchemaProps
	if err := yaml.UnmarshalStrict([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s
}
