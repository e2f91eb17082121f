// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Exposed reports every Ingress of the class that leads to a backend, and every
// TCPIngress of the class. Whether a plugin strips the header from an Ingress is not on
// the object, which only names plugins, and others may come from the Service, a
// consumer or a global KongClusterPlugin; so none is taken as safe. A TCPIngress carries
// what a client sends as it is: no plugin sets a header there, yet Linkerd's proxy sees
// HTTP.
//
// An object without class counts as of the class where that is named "kong".
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	if !servedBy(class, obj) {
		return false
	}
	switch {
	case objects.Is(obj, providers.KindIngress):
		return leadsOut(obj)
	case objects.Is(obj, kindTCPIngress):
		return true
	default:
		return false
	}
}

// leadsOut reports whether an Ingress has a backend at all.
func leadsOut(obj *unstructured.Unstructured) bool {
	if _, found, _ := unstructured.NestedFieldNoCopy(obj.Object, "spec", "defaultBackend"); found {
		return true
	}
	rules, _, _ := unstructured.NestedSlice(obj.Object, "spec", "rules")
	for _, r := range rules {
		rule, _ := r.(map[string]any)
		if paths, _, _ := unstructured.NestedSlice(rule, "http", "paths"); len(paths) > 0 {
			return true
		}
	}
	return false
}
