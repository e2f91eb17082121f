// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
)

// ReasonOlderIngressWins goes to a MeshIngress whose Service and port an older Ingress
// claims with other annotations.
const ReasonOlderIngressWins = "OlderIngressWins"

// The controller has one backend for a Service and targetPort, whatever the number of
// Ingresses that name them. Annotations of a backend are those of the first Ingress
// that has them (pkg/converters/ingress/annotations/mapper.go, Get), but for
// service-upstream, which only the first Ingress of all is asked about
// (pkg/converters/ingress/ingress.go, addBackendWithClass). What follows plays that
// through, to tell whether it is one of ours.

// claimants sorts by name where the age is the same (ingress.go, sortIngress).
func claimants(in providers.Input, planned []*unstructured.Unstructured) []ingresses.Claimant {
	var own []*networkingv1.Ingress
	for _, obj := range planned {
		if ing, ok := ingresses.Decode(obj); ok {
			own = append(own, ing)
		}
	}
	served := func(ing *networkingv1.Ingress) bool { return servedBy(in.Class, ing) }
	return ingresses.Claimants(in, own, served, strings.Compare)
}

// conflictNotices names each Ingress that decides about a backend of ours, and
// decides otherwise, in the order of the backends.
func conflictNotices(in providers.Input, planned []*unstructured.Unstructured) []v1alpha1.Notice {
	services := servicesOf(in)
	all := claimants(in, planned)
	var notices []v1alpha1.Notice
	seen := map[string]bool{}
	for _, b := range in.AllBackends() {
		key := backendKey(services[b.Service], b.Service, strconv.Itoa(int(b.Port)))
		if seen[key] {
			continue
		}
		seen[key] = true
		users := slices.DeleteFunc(slices.Clone(all), func(c ingresses.Claimant) bool {
			return !claims(c.Ingress, services, key)
		})
		notices = append(notices, backendNotices(in, b, services[b.Service], users)...)
	}
	return notices
}

// backendKey is what the controller has one backend for; svc may be nil.
func backendKey(svc *corev1.Service, service, port string) string {
	if svc != nil {
		if p, ok := portOf(svc, port); ok {
			port = targetOf(p)
		}
	}
	return service + "/" + port
}

// claims reports whether an Ingress names a backend by its key.
func claims(ing *networkingv1.Ingress, services map[string]*corev1.Service, key string) bool {
	return slices.ContainsFunc(ingresses.Services(ing), func(s networkingv1.IngressServiceBackend) bool {
		port := cmp.Or(s.Port.Name, strconv.Itoa(int(s.Port.Number)))
		return backendKey(services[s.Name], s.Name, port) == key
	})
}

// backendNotices looks at the Ingresses of one backend, sorted.
func backendNotices(
	in providers.Input, b providers.Backend, svc *corev1.Service, users []ingresses.Claimant,
) []v1alpha1.Notice {
	var notices []v1alpha1.Notice
	settled := svc != nil && hasUpstream(svc)
	if in.Strategy.Strategy == v1alpha1.StrategyClusterIP && len(users) > 0 && !settled {
		if c := users[0]; !c.Ours && !hasUpstream(c.Ingress) {
			notices = append(notices, lost(c, b, fmt.Sprintf("lacks %s%s: \"true\", so that requests go to pods past the "+
				"mesh's routing: add it there", prefix, serviceUpstream)))
		}
	}
	for _, name := range decided(in) {
		c, value, ok := first(users, name)
		if ok && !c.Ours && !agrees(in, b, name, value) {
			notices = append(notices, lost(c, b, fmt.Sprintf("has %s%s of its own, which holds for all: remove it there",
				prefix, name)))
		}
	}
	return notices
}

// decided are the annotations that the first Ingress that has them decides.
func decided(in providers.Input) []string {
	if in.Strategy.Strategy == v1alpha1.StrategyClusterIP {
		return []string{backendProtocol}
	}
	return []string{headers, requestSetHeaders, backendProtocol}
}

func first(users []ingresses.Claimant, name string) (ingresses.Claimant, string, bool) {
	for _, c := range users {
		if value, ok := lookup(c.Annotations, name); ok {
			return c, value, true
		}
	}
	return ingresses.Claimant{}, "", false
}

// agrees reports whether a value does what ours would do.
func agrees(in providers.Input, b providers.Backend, name, value string) bool {
	if name == backendProtocol {
		return isH2(value) == b.H2C
	}
	return value == ownAnnotations(in, b)[prefix+headers]
}

func hasUpstream(obj metav1.Object) bool {
	value, _ := lookup(obj.GetAnnotations(), serviceUpstream)
	return isTrue(value)
}

func lost(c ingresses.Claimant, b providers.Backend, what string) v1alpha1.Notice {
	return v1alpha1.Notice{Reason: ReasonOlderIngressWins, Message: fmt.Sprintf(
		"Ingress %s/%s decides how Service %s port %d is reached, from here too, and %s",
		c.Namespace, c.Name, b.Service, b.Port, what)}
}
