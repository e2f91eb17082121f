// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefikv1

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/override"
)

// unflaggedClass is the class that Traefik serves together with no class at all when
// its kubernetes.ingressClass is not set (provider/kubernetes/kubernetes.go,
// traefikDefaultIngressClass).
const unflaggedClass = "traefik"

// Exposed reports whether a client's l5d-dst-override passes through an Ingress of the
// class: one whose custom-request-headers neither set it nor, with an empty value,
// remove it. They hold for its default backend too (provider/kubernetes/kubernetes.go,
// addGlobalBackend).
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	ing, ok := ingresses.Decode(obj)
	if !ok || !servedBy(class.IngressClassName, ing.Annotations) {
		return false
	}
	headers := lookup(ing.Annotations, customRequestHeaders)
	for _, header := range strings.Split(headers, "||") {
		name, _, found := strings.Cut(header, ":")
		if found && override.Is(strings.TrimSpace(name)) {
			return false
		}
	}
	return true
}

// servedBy goes by the annotation: Traefik 1.x does not know spec.ingressClassName
// (provider/kubernetes/kubernetes.go, shouldProcessIngress).
func servedBy(class string, all map[string]string) bool {
	name := lookup(all, annotations.IngressClass)
	return name == class || (name == "" && class == unflaggedClass)
}

// lookup reads an annotation under the two names that it can have; empty where there
// is none.
func lookup(all map[string]string, key string) string {
	value, _ := annotations.Lookup(all, key, secondPrefix+key)
	return value
}
