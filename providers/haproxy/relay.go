// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxy

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/override"
)

// unflaggedClass is the IngressClass of the published manifest, whose controller has no
// --ingress.class (deploy/haproxy-ingress.yaml).
const unflaggedClass = "haproxy"

// Exposed reports whether a client's l5d-dst-override passes through an Ingress of the
// class: one that sets no fixed value, and one with a default backend, to which no
// request-set-header applies. What the controller's ConfigMap sets for all Ingresses
// is not seen, and neither is route-acl of a Service.
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	ing, ok := ingresses.Decode(obj)
	if !ok || !servedBy(class, ing) {
		return false
	}
	all := values(ing.Annotations, requestSetHeader)
	closed := len(all) > 0 && !slices.ContainsFunc(all, func(value string) bool { return !fixes(value) })
	return !closed || ing.Spec.DefaultBackend != nil
}

// servedBy counts an Ingress as served where the field or the annotation names the
// class: which of the two a controller reads depends on its version. One without class
// is served by a controller without --ingress.class (pkg/store/store.go,
// IsIngressClassSupported), and counts where the class has the name that the manifest
// of such a controller gives it.
func servedBy(class providers.Class, ing *networkingv1.Ingress) bool {
	named := values(ing.Annotations, ingressClass)
	if ing.Spec.IngressClassName != nil {
		named = append(named, *ing.Spec.IngressClassName)
	}
	if len(named) == 0 {
		return class.IngressClassName == unflaggedClass
	}
	return slices.Contains(named, class.IngressClassName)
}

// fixes reports whether a request-set-header leaves a client no part in our header:
// some line sets it, and none by a variable, which begins with "%".
func fixes(value string) bool {
	set := false
	for _, line := range strings.Split(value, "\n") {
		name, text, ok := strings.Cut(line, " ")
		if !ok || !override.Is(strings.Trim(name, `"'`)) {
			continue
		}
		if strings.Contains(text, "%") {
			return false
		}
		set = true
	}
	return set
}
