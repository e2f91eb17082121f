// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package objects

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/providers"
)

// Is reports whether an object is of a kind, in whatever version.
func Is(obj *unstructured.Unstructured, k providers.Kind) bool {
	return obj.GroupVersionKind().GroupKind() == k.GroupKind()
}

// Find returns the first object of a kind and a name; nil where there is none.
func Find(all []*unstructured.Unstructured, k providers.Kind, namespace, name string) *unstructured.Unstructured {
	for _, obj := range all {
		if Is(obj, k) && obj.GetNamespace() == namespace && obj.GetName() == name {
			return obj
		}
	}
	return nil
}

// Decode turns an object of the cluster into a type, or into the part of it that a type
// has; false where the fields do not fit. What a CRD lets through always fits its type.
func Decode[T any](obj *unstructured.Unstructured) (*T, bool) {
	typed := new(T)
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, typed)
	return typed, err == nil
}

// ServiceOf is the Service of a backend; nil where it was not read.
func ServiceOf(in providers.Input, b providers.Backend) *corev1.Service {
	obj := Find(in.Objects, providers.KindService, b.Namespace, b.Service)
	if obj == nil {
		return nil
	}
	svc, ok := Decode[corev1.Service](obj)
	if !ok {
		return nil
	}
	return svc
}
