// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
)

// defaultClass is the class of a Contour that was not told one
// (internal/ingressclass/ingressclass.go, DefaultClassName).
const defaultClass = "contour"

// classAnnotations name the class of an Ingress or HTTPProxy, the first that is
// there, and win over spec.ingressClassName where they are not empty
// (internal/annotation/annotations.go, IngressClass).
func classAnnotations() []string {
	return []string{"projectcontour.io/ingress.class", "kubernetes.io/ingress.class"}
}

// servedBy reports whether a Contour of the class takes an Ingress or HTTPProxy.
//
// Without a class an object is taken only by a Contour that was started without
// --ingress-class-name, which takes the class "contour" as well
// (internal/ingressclass/ingressclass.go, matches). Whether ours was is not on the
// object, so an object without class counts as served where the class is "contour".
func servedBy(class providers.Class, obj *unstructured.Unstructured) bool {
	name := className(obj)
	return name == class.IngressClassName || (name == "" && class.IngressClassName == defaultClass)
}

func className(obj *unstructured.Unstructured) string {
	for _, key := range classAnnotations() {
		name, ok := obj.GetAnnotations()[key]
		if name != "" {
			return name
		}
		if ok {
			break
		}
	}
	name, _, _ := unstructured.NestedString(obj.Object, "spec", "ingressClassName")
	return name
}
