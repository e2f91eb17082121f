// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package annotations

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Lookup reads an annotation that has several names, of which the first that is there
// wins; false where none is.
func Lookup(all map[string]string, names ...string) (string, bool) {
	for _, name := range names {
		if value, ok := all[name]; ok {
			return value, true
		}
	}
	return "", false
}

// ClassBefore is the class that an object names, for vendors to which the annotation goes
// before the field: the first of the annotations that is there, or
// spec.ingressClassName where that one is empty. It is empty where there is neither.
func ClassBefore(obj *unstructured.Unstructured, names ...string) string {
	if class, _ := Lookup(obj.GetAnnotations(), names...); class != "" {
		return class
	}
	class, _, _ := unstructured.NestedString(obj.Object, "spec", "ingressClassName")
	return class
}
