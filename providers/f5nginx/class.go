// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// servedBy reports whether the controller of a class takes an object. It takes its own
// kinds without a class, too, an Ingress never; and on an Ingress the annotation wins
// (internal/k8s/controller.go, HasCorrectIngressClass).
func servedBy(class providers.Class, obj *unstructured.Unstructured) bool {
	if objects.Is(obj, providers.KindIngress) {
		return annotations.ClassBefore(obj, annotations.IngressClass) == class.IngressClassName
	}
	name, _, _ := unstructured.NestedString(obj.Object, "spec", "ingressClassName")
	return name == "" || name == class.IngressClassName
}

// checkHosts refuses hosts that the controller would give to an object of somebody
// else.
func checkHosts(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	for _, host := range routes.Hosts(in.Routes) {
		if holder := holderOf(in, host); holder != nil && !in.Owns(holder) {
			errs = append(errs, routes.Duplicate(routes.OfHost(in.Routes, host)[0].Field, host, fmt.Sprintf(
				"%s %s/%s has this host already and is older, so that the controller serves that alone: "+
					"put all paths of the host in one of them, or remove the other",
				holder.GetKind(), holder.GetNamespace(), holder.GetName())))
		}
	}
	return errs
}

// holderOf is the object to which the controller gives a host: the oldest, and of the
// same age the one with the greater UID (internal/k8s/configuration.go,
// chooseObjectMetaWinner). It is nil where there is none.
func holderOf(in providers.Input, host string) *unstructured.Unstructured {
	var holder *unstructured.Unstructured
	for _, obj := range in.Objects {
		if !servedBy(in.Class, obj) || !slices.Contains(hostsOf(obj), host) {
			continue
		}
		if holder == nil || older(obj, holder) {
			holder = obj
		}
	}
	return holder
}

func older(a, b *unstructured.Unstructured) bool {
	at, bt := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	if at.Equal(&bt) {
		return a.GetUID() > b.GetUID()
	}
	return at.Before(&bt)
}

// hostsOf are the hosts that an Ingress or VirtualServer claims. A minion adds paths to
// the host of another Ingress and claims none.
func hostsOf(obj *unstructured.Unstructured) []string {
	if !objects.Is(obj, providers.KindIngress) {
		host, _, _ := unstructured.NestedString(obj.Object, "spec", "host")
		return []string{host}
	}
	if obj.GetAnnotations()[mergeableType] == "minion" {
		return nil
	}
	var hosts []string
	rules, _, _ := unstructured.NestedSlice(obj.Object, "spec", "rules")
	for _, rule := range rules {
		if m, ok := rule.(map[string]any); ok {
			host, _, _ := unstructured.NestedString(m, "host")
			hosts = append(hosts, host)
		}
	}
	return hosts
}
