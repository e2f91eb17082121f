// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// unflaggedClass is what Traefik serves besides routes without a class when its
// flag providers.kubernetescrd.ingressclass is not set.
const unflaggedClass = "traefik"

// Exposed reports every route that the class serves and that leads out of
// Traefik. Whether it sets or strips the header depends on Middlewares, which may
// come from other objects, other providers or the entry point, and which the route
// only names; so none is taken as safe. A route to Traefik's own services ends
// in Traefik and is not exposed.
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	if !servedBy(class.IngressClassName, obj) {
		return false
	}
	return objects.Is(obj, providers.KindIngress) || leadsOut(obj)
}

// servedBy follows shouldProcessIngress of pkg/provider/kubernetes/{crd,ingress}
// (v2.11.14, v3.7.9): without the flag, Traefik serves the class "traefik" and what
// names no class; with it, only what names that class. So where the class is
// "traefik" an object without class may be served, and is taken to be; where it
// has another name, the flag is set and the object is not. The field came to
// IngressRoutes with 3.7 and wins over the annotation.
func servedBy(className string, obj *unstructured.Unstructured) bool {
	name, set, _ := unstructured.NestedString(obj.Object, "spec", "ingressClassName")
	if !set {
		name = obj.GetAnnotations()[annotations.IngressClass]
	}
	return name == className || (name == "" && className == unflaggedClass)
}

// leadsOut reports whether a route of an IngressRoute has a Service that is not
// one of Traefik's own: api@internal, ping@internal and the like.
func leadsOut(obj *unstructured.Unstructured) bool {
	routes, _, _ := unstructured.NestedSlice(obj.Object, "spec", "routes")
	for _, r := range routes {
		route, _ := r.(map[string]any)
		services, _, _ := unstructured.NestedSlice(route, "services")
		for _, s := range services {
			service, _ := s.(map[string]any)
			if name, _, _ := unstructured.NestedString(service, "name"); !strings.HasSuffix(name, "@internal") {
				return true
			}
		}
	}
	return false
}
