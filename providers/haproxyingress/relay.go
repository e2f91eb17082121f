// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/override"
)

// Exposed reports whether a client's l5d-dst-override passes through an Ingress of the
// class: one whose headers do not set it to a fixed value. What a Service or the
// controller's ConfigMap sets is not seen, and request-set-headers do not count: before
// v0.17 they did nothing.
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	ing, ok := ingresses.Decode(obj)
	if !ok || !servedBy(class, ing) {
		return false
	}
	value, _ := lookup(ing.Annotations, headers)
	return !fixes(value)
}

// servedBy counts an Ingress as served where the annotation or the field names the
// class: which of the two wins is a flag of the controller. Without class, an Ingress
// is served only with a flag that is off by default
// (pkg/controller/services/cache.go, IsValidIngress).
func servedBy(class providers.Class, ing *networkingv1.Ingress) bool {
	name := ing.Spec.IngressClassName
	return ing.Annotations[annotations.IngressClass] == class.IngressClassName ||
		(name != nil && *name == class.IngressClassName)
}

// fixes reports whether headers leave a client no part in ours: some line sets it, and
// none by a variable of HAProxy, which begins with "%". The controller fills in its own
// two (pkg/converters/ingress/annotations/backend.go, buildBackendVars).
func fixes(value string) bool {
	own := strings.NewReplacer("%[service]", "", "%[namespace]", "")
	set := false
	for _, line := range strings.Split(value, "\n") {
		line = strings.TrimSpace(line)
		i := strings.IndexAny(line, ": ")
		if i < 0 || !override.Is(strings.Trim(line[:i], `"'`)) {
			continue
		}
		if strings.Contains(own.Replace(line), "%") {
			return false
		}
		set = true
	}
	return set
}
