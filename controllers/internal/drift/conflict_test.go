// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/controllers/internal/drift"
)

func TestConflict(t *testing.T) {
	annotations := func(values map[string]any) map[string]any {
		return map[string]any{"metadata": map[string]any{"annotations": values}}
	}
	tests := map[string]struct {
		desired     map[string]any
		live        func(*testing.T, *unstructured.Unstructured)
		path, other string
	}{
		"another manager's other value": {
			desired: annotations(map[string]any{"theirs": "1"}),
			path:    ".metadata.annotations.theirs", other: "somebody",
		},
		"another manager's same value": {desired: annotations(map[string]any{"theirs": "2"})},
		"our own other value":          {desired: annotations(map[string]any{"ours": "2"})},
		"a value that nobody has set":  {desired: annotations(map[string]any{"new": "1"})},
		"the first of several, whatever the order": {
			desired: annotations(map[string]any{"ours": "2", "theirs": "1", "zzz": "1"}),
			path:    ".metadata.annotations.theirs", other: "somebody",
		},
		"the name of the object is no field": {
			desired: map[string]any{"apiVersion": "v2", "kind": "Other", "metadata": map[string]any{"name": "other", "namespace": "other"}},
		},
		"a list of ours": {desired: map[string]any{"spec": map[string]any{"rules": []any{}}}},
		"a value where the other has more": {
			desired: map[string]any{"spec": map[string]any{"extra": map[string]any{"a": "b"}}},
			path:    ".spec.extra", other: "somebody",
		},
		"managed fields that make no sense": {
			desired: annotations(map[string]any{"theirs": "1"}),
			live: func(t *testing.T, o *unstructured.Unstructured) {
				t.Helper()
				entries := o.GetManagedFields()
				entries[1].FieldsV1 = metav1.NewFieldsV1(`{"k:none":{}}`)
				o.SetManagedFields(entries)
			},
		},
		"our own name, by update": {
			desired: annotations(map[string]any{"ours": "2"}),
			live:    manages(manager, metav1.ManagedFieldsOperationUpdate, ""),
			path:    ".metadata.annotations.ours", other: manager,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			have := decode(t, live)
			if tt.live != nil {
				tt.live(t, have)
			}
			path, other, found := first(drift.Contests(tt.desired, have, manager))
			if path != tt.path || other != tt.other || found != (tt.path != "") {
				t.Errorf("Conflict() = %q, %q, %t, want %q, %q", path, other, found, tt.path, tt.other)
			}
		})
	}
}

// first is the path of a contest as the API server writes it, and an owner.
func first(contests []drift.Contest) (path, other string, found bool) {
	if len(contests) == 0 {
		return "", "", false
	}
	return drift.PathString(contests[0].Path), contests[0].Owners[0].Manager, true
}
