// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"maps"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Contest is a desired field that others have set to another value, so that an apply
// which is not forced would be refused.
type Contest struct {
	// Path has the keys from the root of the object.
	Path []string

	// Value that is there; a list, and a map that is not merged, is one value.
	Value any

	// Owners are the entries of the managed fields that hold the field, one at least.
	Owners []metav1.ManagedFieldsEntry
}

// Contests lists the desired fields that others have set to another value, sorted. It
// sees nothing in lists that are merged, and passes over managed fields that it
// cannot read.
func Contests(desired map[string]any, live *unstructured.Unstructured, manager string) []Contest {
	all := managersOf(live)
	var contests []Contest
	for _, path := range all.differing(WithoutIdentity(desired), live.Object, nil) {
		owners := slices.DeleteFunc(all.owners(path), func(e metav1.ManagedFieldsEntry) bool {
			return isApplied(e, manager)
		})
		if len(owners) > 0 && !all.within(path) {
			value, _, _ := unstructured.NestedFieldNoCopy(live.Object, path...)
			contests = append(contests, Contest{Path: path, Value: value, Owners: owners})
		}
	}
	return contests
}

// differing lists the leaves of desired that are there with another value, sorted.
func (m managers) differing(desired, live map[string]any, at []string) [][]string {
	var paths [][]string
	for _, name := range slices.Sorted(maps.Keys(desired)) {
		have, there := live[name]
		if !there {
			continue
		}
		path := append(slices.Clone(at), name)
		want, isMap := desired[name].(map[string]any)
		if inner, ok := have.(map[string]any); isMap && ok && !m.isAtomic(path) {
			paths = append(paths, m.differing(want, inner, path)...)
		} else if !reflect.DeepEqual(desired[name], have) {
			paths = append(paths, path)
		}
	}
	return paths
}

// isAtomic reports whether a map is one value to the API server: it is owned, and no
// part of it is. Of metadata that says nothing, since a webhook's annotation has no
// owner at all.
func (m managers) isAtomic(path []string) bool {
	return !slices.Contains(path, "metadata") && len(m.owners(path)) > 0 && !m.within(path)
}
