// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the API server would refuse, with the fields that it would name.
func TestDefinitionsAreEnforced(t *testing.T) {
	replace := strings.Replace
	for name, tc := range map[string]struct {
		class, ingress string
		wantClass      []string
		wantIngress    []string
	}{
		"nothing is wrong": {},
		"an enum": {
			class:       replace(classFake, "Traefik", "Foo", 1),
			wantClass:   []string{"spec.vendor FieldValueNotSupported"},
			wantIngress: []string{"spec.className FieldValueInvalid"},
		},
		"a required field": {
			ingress:     replace(ingressWeb, "name: web, port", "port", 1),
			wantIngress: []string{"spec.rules[0].paths[0].backends[0].service.name FieldValueRequired"},
		},
		"a minimum": {
			ingress:     replace(ingressWeb, "number: 80", "number: 0", 1),
			wantIngress: []string{"spec.rules[0].paths[0].backends[0].service.port.number FieldValueInvalid"},
		},
		"a type": {
			ingress:     replace(ingressWeb, "number: 80", "number: http", 1),
			wantIngress: []string{"spec.rules[0].paths[0].backends[0].service.port.number FieldValueTypeInvalid"},
		},
		"a rule of CEL": {
			ingress:     replace(ingressWeb, "number: 80", "number: 80, name: http", 1),
			wantIngress: []string{"spec.rules[0].paths[0].backends[0].service.port FieldValueInvalid"},
		},
		"a rule of CEL over the whole spec": {
			ingress:     ingressWeb[:strings.Index(ingressWeb, "  rules:")] + "---\n",
			wantIngress: []string{"spec FieldValueInvalid"},
		},
		"a key of a list, by its default": {
			ingress: replace(ingressWeb, "paths: [",
				"paths: [{path: /, pathType: Prefix, backends: [{service: {name: web, port: {number: 80}}}]}, ", 1),
			wantIngress: []string{"spec.rules[0].paths[1] FieldValueDuplicate"},
		},
		"a name": {
			ingress:     replace(ingressWeb, "name: web,", "name: WEB,", 1),
			wantIngress: []string{"metadata.name FieldValueInvalid"},
		},
		"a namespace of what has none": {
			class:       replace(classFake, "name: fake", "name: fake, namespace: x", 1),
			wantClass:   []string{"metadata.namespace FieldValueForbidden"},
			wantIngress: []string{"spec.className FieldValueInvalid"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.class == "" {
				tc.class = classFake
			}
			if tc.ingress == "" {
				tc.ingress = ingressWeb
			}
			out := mustRender(t, tc.class, tc.ingress)
			if diff := cmp.Diff(tc.wantClass, fields(out.Classes[0].Errors)); diff != "" {
				t.Errorf("class: %s", diff)
			}
			if diff := cmp.Diff(tc.wantIngress, fields(out.MeshIngresses[0].Errors)); diff != "" {
				t.Errorf("ingress: %s", diff)
			}
		})
	}
}

// A null is a field that is not there, where it has a default.
func TestNullIsTheDefault(t *testing.T) {
	got := mustRender(t, class("fake", ", dataPlane: {}, routing: null"), deploymentFake, serviceFake).Classes[0]
	if len(got.Errors) > 0 || len(got.Patches) != 1 {
		t.Errorf("got %d patches and the errors %v, want one patch", len(got.Patches), got.Errors)
	}
}

// What kubectl get prints can be rendered again.
func TestStatusAndServerFieldsAreTaken(t *testing.T) {
	text := strings.Replace(ingressWeb, "name: web, namespace: web",
		"name: web, namespace: web, uid: u, resourceVersion: '1', generation: 2, managedFields: []", 1)
	text = strings.Replace(text, "---\n", "status: {anything: true}\n---\n", 1)
	got := mustRender(t, classFake, text).MeshIngresses[0]
	if len(got.Errors) > 0 || len(got.Objects) != 1 {
		t.Errorf("got %d objects and the errors %v, want one object", len(got.Objects), got.Errors)
	}
}
