// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
)

// The controller has one upstream for a Service and port, whatever the number of
// Ingresses that name them, and takes its endpoints from one of these Ingresses
// (internal/ingress/controller/controller.go, createUpstreams). What follows plays
// that through, to tell whether it is one of ours.

// winner decides about an upstream.
type winner struct {
	ingresses.Claimant
	younger bool // than the first of ours that names the upstream
}

// loss is a backend of ours about which another's Ingress decides.
type loss struct {
	winner
	backend networkingv1.IngressServiceBackend
}

// upstreamNotices names each Ingress that keeps a backend of ours from being
// reached by its ClusterIP, sorted by Ingress, Service and port.
func upstreamNotices(in providers.Input, planned []*networkingv1.Ingress) []v1alpha1.Notice {
	p := prefix(in.Class)
	lost := losses(winners(claimants(in, planned)), planned, p)
	slices.SortFunc(lost, func(a, b loss) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.backend.Name, b.backend.Name),
			cmp.Compare(a.backend.Port.Number, b.backend.Port.Number))
	})
	var notices []v1alpha1.Notice
	for _, l := range lost {
		notices = append(notices, l.notice(p))
	}
	return notices
}

func losses(winners map[string]winner, planned []*networkingv1.Ingress, prefix string) []loss {
	var lost []loss
	seen := map[string]bool{}
	for _, ing := range planned {
		for _, b := range ingresses.Services(ing) {
			key := upstreamName(ing.Namespace, b)
			w := winners[key]
			if !seen[key] && !w.Ours && !hasServiceUpstream(w.Ingress, prefix) {
				lost = append(lost, loss{w, b})
			}
			seen[key] = true
		}
	}
	return lost
}

func (l loss) notice(prefix string) v1alpha1.Notice {
	reason, why := ReasonOlderIngressWins, "is older and"
	if l.younger {
		reason, why = ReasonDefaultBackendWins, "has them as its default backend and"
	}
	return v1alpha1.Notice{Reason: reason, Message: fmt.Sprintf(
		"Ingress %s/%s %s decides how Service %s port %d is reached, from here too, and lacks the annotation "+
			"%s/%s: \"true\", so that requests go to pods past the mesh's routing: "+
			"add it there, or to the controller's ConfigMap as %s: \"true\"",
		l.Namespace, l.Name, why, l.backend.Name, l.backend.Port.Number, prefix, serviceUpstream, serviceUpstream)}
}

// claimants sorts by name, descending, where the age is the same
// (internal/ingress/controller/store/store.go, sortIngressSlice).
func claimants(in providers.Input, planned []*networkingv1.Ingress) []ingresses.Claimant {
	served := func(ing *networkingv1.Ingress) bool { return className(ing) == in.Class.IngressClassName }
	return ingresses.Claimants(in, planned, served, func(a, b string) int { return strings.Compare(b, a) })
}

// className prefers the field (internal/ingress/controller/store/store.go, GetIngressClass).
func className(ing *networkingv1.Ingress) string {
	if ing.Spec.IngressClassName != nil {
		return *ing.Spec.IngressClassName
	}
	return ing.Annotations[annotations.IngressClass]
}

// winners are the Ingresses that decide, by upstream: the last that has it as its
// default backend, or else the first that has it in a rule.
func winners(sorted []ingresses.Claimant) map[string]winner {
	decided := map[string]winner{}
	seen := map[string]bool{} // named by one of ours
	for _, c := range sorted {
		fallback, backends := ingresses.DefaultService(c.Ingress), ingresses.RuleServices(c.Ingress)
		for _, b := range fallback {
			key := upstreamName(c.Namespace, b)
			decided[key] = winner{c, seen[key]}
		}
		for _, b := range backends {
			key := upstreamName(c.Namespace, b)
			if _, ok := decided[key]; !ok {
				decided[key] = winner{c, seen[key]}
			}
		}
		for _, b := range ingresses.Services(c.Ingress) {
			key := upstreamName(c.Namespace, b)
			seen[key] = seen[key] || c.Ours
		}
	}
	return decided
}

// upstreamName is the controller's key, in which a port's name and its number are
// two upstreams (internal/ingress/controller/util.go, upstreamName).
func upstreamName(namespace string, b networkingv1.IngressServiceBackend) string {
	port := b.Port.Name
	if b.Port.Number > 0 {
		port = strconv.Itoa(int(b.Port.Number))
	}
	return namespace + "-" + b.Name + "-" + port
}

// hasServiceUpstream reads the annotation as the controller does
// (internal/ingress/annotations/parser/main.go, parseBool).
func hasServiceUpstream(ing *networkingv1.Ingress, prefix string) bool {
	on, err := strconv.ParseBool(ing.Annotations[prefix+"/"+serviceUpstream])
	return err == nil && on
}
