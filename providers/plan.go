// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Plan is what a provider wants in the cluster.
type Plan struct {
	// Objects will be owned whole. They carry apiVersion, kind, namespace, name,
	// and no status; owner marks are added later.
	Objects []*unstructured.Unstructured

	// Fields are set on objects of others, and taken back on release.
	Fields []FieldSet

	// Notices tell what the user should know and is no error.
	Notices []v1alpha1.Notice
}

// FieldSet is a part of somebody else's object.
type FieldSet struct {
	// Target that the fields are set on. It must exist.
	Target Target

	// Fields in the shape of the object: {"data": {"key": "value"}}.
	Fields map[string]any
}

// Target names an object.
type Target struct {
	schema.GroupVersionKind
	Namespace, Name string
}
