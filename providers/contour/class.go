// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
)

// defaultClass is the class of a Contour that was not told one
// (internal/ingressclass/ingressclass.go, DefaultClassName).
const defaultClass = "contour"

// projectcontourClass names the class of an Ingress or HTTPProxy before
// annotations.IngressClass does. The first of the two that is there wins over
// spec.ingressClassName where it is not empty (internal/annotation/annotations.go,
// IngressClass).
const projectcontourClass = "projectcontour.io/ingress.class"

// servedBy reports whether a Contour of the class takes an Ingress or HTTPProxy.
//
// Without a class an object is taken only by a Contour that was started without
// --ingress-class-name, which takes the class "contour" as well
// (internal/ingressclass/ingressclass.go, matches). Whether ours was is not on the
// object, so an object without class counts as served where the class is "contour".
func servedBy(class providers.Class, obj *unstructured.Unstructured) bool {
	name := annotations.ClassBefore(obj, projectcontourClass, annotations.IngressClass)
	return name == class.IngressClassName || (name == "" && class.IngressClassName == defaultClass)
}
