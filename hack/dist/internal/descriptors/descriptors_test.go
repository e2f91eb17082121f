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
		{Path: "rules[0].port", DisplayName: "Port"},
		{Path: "rules[0].port.number", DisplayName: "Port Number", XDescriptors: []string{ui + "number"}},
		{Path: "rules[0].secretName", DisplayName: "Secret Name", XDescriptors: []string{kubernetes + "Secret"}},
		{
			Path: "haproxy", DisplayName: "HAProxy", Description: "haproxy is for one vendor.",
			XDescriptors: []string{ui + "fieldDependency:vendor:HAProxy"},
		},
		{
			Path: "haproxy.staticIPName", DisplayName: "Static IP Name",
			XDescriptors: []string{text, ui + "fieldDependency:vendor:HAProxy"},
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
  overridden:
    type: array
    items:
      type: object
      properties:
        manager: {type: string}
        owners: {type: array, items: {type: object, properties: {manager: {type: string}}}}
`))
	want := []operatorsv1alpha1.StatusDescriptor{
		{Path: "linkerd", DisplayName: "Linkerd"},
		{Path: "linkerd.version", DisplayName: "Linkerd Version", XDescriptors: []string{text}},
		{Path: "ambassadorIDs", DisplayName: "Ambassador IDs"},
		{Path: "conditions", DisplayName: "Conditions", XDescriptors: []string{conditions}},
		{Path: "overridden", DisplayName: "Overridden"},
		{Path: "overridden[0].manager", DisplayName: "Manager", XDescriptors: []string{text}},
		{Path: "overridden[0].owners", DisplayName: "Owners"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a person sets or reads has a descriptor with a text, in every CRD that there is, but
// for what Status leaves out.
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
			shown := slices.DeleteFunc(leaves("status", root.Properties["status"]), func(path string) bool {
				return strings.HasPrefix(path, "status.conditions[0]") || strings.HasPrefix(path, "status.overridden[0].owners[0]")
			})
			for _, path := range slices.Concat(leaves("spec", root.Properties["spec"]), shown) {
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

func schema(t *testing.T, text string) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	var s apiextensionsv1.JSONSchemaProps
	if err := yaml.UnmarshalStrict([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s
}
