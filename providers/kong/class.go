// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// defaultClass is the class of a KIC that was not told one (KIC
// internal/annotations/annotations.go, DefaultIngressClass).
const defaultClass = "kong"

// servedBy reports whether a KIC of the class takes an object. Ingresses name their
// class in the annotation, where it is not empty, or else in the field; Kong's own
// kinds in the annotation.
//
// What names no class is taken where the IngressClass is the cluster's default (KIC
// internal/store/store.go, ListIngressesV1 and getIngressClassHandling). That is not on
// the object, so it counts as served where the class is "kong".
func servedBy(class providers.Class, obj *unstructured.Unstructured) bool {
	name := obj.GetAnnotations()[annotations.IngressClass]
	if objects.Is(obj, providers.KindIngress) {
		name = annotations.ClassBefore(obj, annotations.IngressClass)
	}
	return name == class.IngressClassName || (name == "" && class.IngressClassName == defaultClass)
}
