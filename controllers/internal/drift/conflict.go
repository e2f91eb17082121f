// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"maps"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Conflict finds a desired field that another manager has set to another value, so
// that an apply which is not forced would be refused: its path as the API server
// writes it, and the manager. It sees fields of maps alone, not of lists, and
// passes over managed fields that it cannot read.
func Conflict(desired map[string]any, live *unstructured.Unstructured, manager string) (path, other string, found bool) {
	contested := differing(withoutIdentity(desired), live.Object, nil)
	for _, entry := range live.GetManagedFields() {
		if entry.Manager == manager && entry.Operation == metav1.ManagedFieldsOperationApply || entry.FieldsV1 == nil {
			continue
		}
		var set fieldpath.Set
		if err := set.FromJSON(entry.FieldsV1.GetRawReader()); err != nil {
			continue
		}
		if i := slices.IndexFunc(contested, set.Has); i >= 0 {
			return contested[i].String(), entry.Manager, true
		}
	}
	return "", "", false
}

// differing lists the leaves of desired that are there with another value, sorted.
func differing(desired, live map[string]any, at fieldpath.Path) []fieldpath.Path {
	var paths []fieldpath.Path
	for _, name := range slices.Sorted(maps.Keys(desired)) {
		have, there := live[name]
		if !there {
			continue
		}
		path := append(at.Copy(), fieldpath.PathElement{FieldName: &name})
		want, isMap := desired[name].(map[string]any)
		if inner, ok := have.(map[string]any); isMap && ok {
			paths = append(paths, differing(want, inner, path)...)
		} else if !reflect.DeepEqual(desired[name], have) {
			paths = append(paths, path)
		}
	}
	return paths
}
