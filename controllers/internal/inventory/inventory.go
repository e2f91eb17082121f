// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
)

// Of lists the entries of objects, in their order: what others refer to comes first,
// and is deleted last.
func Of(objects []*unstructured.Unstructured) []v1alpha1.InventoryEntry {
	entries := make([]v1alpha1.InventoryEntry, 0, len(objects))
	for _, o := range objects {
		entries = append(entries, EntryOf(o))
	}
	return Union(entries)
}

// EntryOf names an object.
func EntryOf(o *unstructured.Unstructured) v1alpha1.InventoryEntry {
	return Entry(o.GroupVersionKind(), o.GetNamespace(), o.GetName())
}

// Entry names one object.
func Entry(gvk schema.GroupVersionKind, namespace, name string) v1alpha1.InventoryEntry {
	return v1alpha1.InventoryEntry{
		Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind, Namespace: namespace, Name: name,
	}
}

// GVK is the kind of an entry.
func GVK(e v1alpha1.InventoryEntry) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: e.Group, Version: e.Version, Kind: e.Kind}
}

// HasRoutes reports whether anything is listed that routes requests, or is needed for it:
// the objects of spec.authorization are beside the routes, and come before them.
func HasRoutes(entries []v1alpha1.InventoryEntry) bool {
	return slices.ContainsFunc(entries, func(e v1alpha1.InventoryEntry) bool { return !authorization.IsKind(e) })
}

// Union merges lists in the order of appearance, each object once.
func Union(lists ...[]v1alpha1.InventoryEntry) []v1alpha1.InventoryEntry {
	var all []v1alpha1.InventoryEntry
	seen := map[v1alpha1.InventoryEntry]bool{}
	for _, e := range slices.Concat(lists...) {
		if !seen[e] {
			all = append(all, e)
		}
		seen[e] = true
	}
	return all
}

// UnionClaims merges lists of claims, sorted, each once.
func UnionClaims(lists ...[]v1alpha1.Claim) []v1alpha1.Claim {
	claims := slices.Concat(lists...)
	slices.SortFunc(claims, func(a, b v1alpha1.Claim) int {
		return cmp.Or(compare(a.InventoryEntry, b.InventoryEntry), cmp.Compare(a.UID, b.UID), cmp.Compare(a.Manager, b.Manager))
	})
	return slices.Compact(claims)
}

// Sort orders entries by kind and name.
func Sort(entries []v1alpha1.InventoryEntry) { slices.SortFunc(entries, compare) }

// Stale lists the entries of old that are not in current. An object whose version
// alone has changed is the same object.
func Stale(old, current []v1alpha1.InventoryEntry) []v1alpha1.InventoryEntry {
	var stale []v1alpha1.InventoryEntry
	for _, e := range old {
		if !slices.ContainsFunc(current, func(c v1alpha1.InventoryEntry) bool { return sameObject(c, e) }) {
			stale = append(stale, e)
		}
	}
	return stale
}

func sameObject(a, b v1alpha1.InventoryEntry) bool {
	a.Version, b.Version = "", ""
	return a == b
}

func compare(a, b v1alpha1.InventoryEntry) int {
	return cmp.Or(
		cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
	)
}
