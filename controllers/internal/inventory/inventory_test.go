// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
)

func route(version, namespace, name string) v1alpha1.InventoryEntry {
	return v1alpha1.InventoryEntry{Group: "example.com", Version: version, Kind: "Route", Namespace: namespace, Name: name}
}

func configMap(namespace, name string) v1alpha1.InventoryEntry {
	return v1alpha1.InventoryEntry{Version: "v1", Kind: "ConfigMap", Namespace: namespace, Name: name}
}

func TestOf(t *testing.T) {
	objects := []*unstructured.Unstructured{
		{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Route", "metadata": map[string]any{"namespace": "b", "name": "a"}}},
		{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"namespace": "b", "name": "a"}}},
		{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Route", "metadata": map[string]any{"namespace": "a", "name": "b"}}},
	}
	want := []v1alpha1.InventoryEntry{route("v1", "b", "a"), configMap("b", "a"), route("v1", "a", "b")}
	if diff := cmp.Diff(want, inventory.Of(objects)); diff != "" {
		t.Errorf("Of(), which keeps the order (-want +got):\n%s", diff)
	}
	if got := inventory.Of(nil); len(got) != 0 {
		t.Errorf("Of(nil) = %v, want nothing", got)
	}
}

func TestGVK(t *testing.T) {
	want := schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Route"}
	if got := inventory.GVK(inventory.Entry(want, "a", "b")); got != want {
		t.Errorf("GVK(Entry()) = %v, want %v", got, want)
	}
}

func TestUnion(t *testing.T) {
	first := []v1alpha1.InventoryEntry{route("v1", "b", "a"), configMap("a", "a")}
	second := []v1alpha1.InventoryEntry{configMap("a", "a"), route("v2", "b", "a"), configMap("a", "b")}
	want := []v1alpha1.InventoryEntry{route("v1", "b", "a"), configMap("a", "a"), route("v2", "b", "a"), configMap("a", "b")}
	if diff := cmp.Diff(want, inventory.Union(first, second)); diff != "" {
		t.Errorf("Union() (-want +got):\n%s", diff)
	}
}

func TestSort(t *testing.T) {
	entries := []v1alpha1.InventoryEntry{route("v1", "b", "a"), route("v1", "a", "b"), configMap("b", "a")}
	inventory.Sort(entries)
	want := []v1alpha1.InventoryEntry{configMap("b", "a"), route("v1", "a", "b"), route("v1", "b", "a")}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("Sort() (-want +got):\n%s", diff)
	}
}

func TestStale(t *testing.T) {
	tests := map[string]struct{ old, current, want []v1alpha1.InventoryEntry }{
		"nothing before": {current: []v1alpha1.InventoryEntry{configMap("a", "a")}},
		"the same": {
			old: []v1alpha1.InventoryEntry{configMap("a", "a")}, current: []v1alpha1.InventoryEntry{configMap("a", "a")},
		},
		"the same in another version": {
			old: []v1alpha1.InventoryEntry{route("v1", "a", "a")}, current: []v1alpha1.InventoryEntry{route("v2", "a", "a")},
		},
		"another name": {
			old:  []v1alpha1.InventoryEntry{configMap("a", "a"), configMap("a", "b")},
			want: []v1alpha1.InventoryEntry{configMap("a", "b")}, current: []v1alpha1.InventoryEntry{configMap("a", "a")},
		},
		"another namespace": {
			old:  []v1alpha1.InventoryEntry{configMap("b", "a")},
			want: []v1alpha1.InventoryEntry{configMap("b", "a")}, current: []v1alpha1.InventoryEntry{configMap("a", "a")},
		},
		"nothing now, in the order it was made": {
			old:  []v1alpha1.InventoryEntry{configMap("a", "b"), configMap("a", "a")},
			want: []v1alpha1.InventoryEntry{configMap("a", "b"), configMap("a", "a")},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, inventory.Stale(tt.old, tt.current)); diff != "" {
				t.Errorf("Stale() (-want +got):\n%s", diff)
			}
		})
	}
}
