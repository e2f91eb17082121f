// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// notices tell what holds otherwise than the MeshIngress or another object says.
func notices(in providers.Input, header bool) []v1alpha1.Notice {
	var all []v1alpha1.Notice
	if path, ok := dottedPath(in.Routes); ok {
		all = append(all, v1alpha1.Notice{Reason: ReasonDotMatchesAny, Message: fmt.Sprintf(
			"The dot in the path %s matches any one character, except with Kong's router flavor expressions: "+
				"the controller makes a regular expression of the path and does not escape it. Use a path without a dot where "+
				"that takes requests of another.", path)})
	}
	all = append(all, olderDefaults(in)...)
	all = append(all, upstreamPolicies(in)...)
	if header {
		all = append(all, globalPlugins(in)...)
		all = append(all, consumerPlugins(in)...)
	}
	return all
}

// olderDefaults finds the Ingress whose default backend KIC serves in place of ours: it
// takes the oldest of the class, of all namespaces, and drops the others in silence
// (internal/dataplane/translator/translate_ingress.go, getDefaultBackendService).
func olderDefaults(in providers.Input) []v1alpha1.Notice {
	if in.Default == nil {
		return nil
	}
	var with []*unstructured.Unstructured
	for _, obj := range in.Objects {
		_, found, _ := unstructured.NestedMap(obj.Object, "spec", "defaultBackend")
		if found && objects.Is(obj, providers.KindIngress) && servedBy(in.Class, obj) {
			with = append(with, obj)
		}
	}
	slices.SortStableFunc(with, func(a, b *unstructured.Unstructured) int {
		return a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time)
	})
	if len(with) == 0 || in.Owns(with[0]) {
		return nil
	}
	return listed(ReasonOlderDefaultBackend, []string{describe(with[0])},
		"%s is older and has a default backend, which the %s serves in place of this one: remove it there, "+
			"or add a rule for each host in place of spec.defaultBackend", "Kong Ingress Controller")
}

// upstreamPolicies finds the KongUpstreamPolicies of the backends. A Service names its
// policy in an annotation; KIC lists the Services in the policy's status
// (internal/controllers/configuration/kongupstreampolicy_utils.go, ancestorRef).
func upstreamPolicies(in providers.Input) []v1alpha1.Notice {
	var found []string
	for _, obj := range in.Objects {
		if objects.Is(obj, kindKongUpstreamPolicy) && obj.GetNamespace() == in.Namespace && governs(in, obj) {
			found = append(found, describe(obj))
		}
	}
	return listed(ReasonUpstreamPolicyWithoutEffect, found, "%s is for a backend of these routes, but the pod is chosen "+
		"by %s: its algorithm has no effect, and its health checks do not speak of one pod. Remove it from the Service",
		"Linkerd")
}

// governs reports whether the status of a policy names a backend.
func governs(in providers.Input, policy *unstructured.Unstructured) bool {
	ancestors, _, _ := unstructured.NestedSlice(policy.Object, "status", "ancestors")
	for _, a := range ancestors {
		ancestor, _ := a.(map[string]any)
		ref, _, _ := unstructured.NestedStringMap(ancestor, "ancestorRef")
		if ref["kind"] != providers.KindService.Kind || cmp.Or(ref["namespace"], in.Namespace) != in.Namespace {
			continue
		}
		if slices.ContainsFunc(in.AllBackends(), func(b providers.Backend) bool { return b.Service == ref["name"] }) {
			return true
		}
	}
	return false
}

// listed is one notice on several objects, none where there is none. The format takes
// the objects, and then what else it needs.
func listed(reason string, found []string, format string, args ...any) []v1alpha1.Notice {
	if len(found) == 0 {
		return nil
	}
	which := found[0]
	if n := len(found) - 1; n > 0 {
		which = fmt.Sprintf("%s (and %d more)", which, n)
	}
	return []v1alpha1.Notice{{Reason: reason, Message: fmt.Sprintf(format, append([]any{which}, args...)...) + "."}}
}

// describe names an object for people.
func describe(obj *unstructured.Unstructured) string {
	if obj.GetNamespace() == "" {
		return obj.GetKind() + " " + obj.GetName()
	}
	return fmt.Sprintf("%s %s/%s", obj.GetKind(), obj.GetNamespace(), obj.GetName())
}
