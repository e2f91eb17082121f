// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"github.com/meshingress/meshingress/providers"
)

// Fields sets fields, in the shape of the object, on an object of others.
func Fields(k providers.Kind, namespace, name string, fields map[string]any) providers.FieldSet {
	return providers.FieldSet{
		Target: providers.Target{GroupVersionKind: k.GroupVersionKind, Namespace: namespace, Name: name},
		Fields: fields,
	}
}

// Annotate sets an annotation on an object of others.
func Annotate(k providers.Kind, namespace, name, key, value string) providers.FieldSet {
	return Fields(k, namespace, name, map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{key: value},
	}})
}
