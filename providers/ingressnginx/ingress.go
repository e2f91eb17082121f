// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// group is what one Ingress can hold: backend-protocol is per Ingress.
type group struct {
	h2c      bool
	routes   []providers.Route
	fallback *providers.Backend
}

// buildIngresses returns the Ingresses of a MeshIngress, at least one.
//
// A default backend in an Ingress that has rules takes the other paths of its
// hosts only; requests for other hosts go to one that has no rules
// (internal/ingress/controller/controller.go, createServers). So a default backend
// beside rules is in both.
func buildIngresses(in providers.Input) []*networkingv1.Ingress {
	var all []*networkingv1.Ingress
	name := names.Of(in)
	for _, g := range split(in) {
		ing := newIngress(in, name, g.h2c)
		ing.Spec.Rules = ingresses.Rules(g.routes)
		ing.Spec.TLS = ingresses.TLS(in.TLS)
		if g.fallback != nil {
			b := ingresses.Backend(*g.fallback)
			ing.Spec.DefaultBackend = &b
		}
		all = append(all, ing)
		name = names.Of(in, "grpc")
	}
	if in.Default != nil && !servesEveryHost(in.Routes) && !slices.ContainsFunc(all, isCatchAll) {
		ing := newIngress(in, names.Of(in, "default"), in.Default.H2C)
		b := ingresses.Backend(*in.Default)
		ing.Spec.DefaultBackend = &b
		all = append(all, ing)
	}
	return all
}

func isCatchAll(ing *networkingv1.Ingress) bool {
	return ing.Spec.DefaultBackend != nil && len(ing.Spec.Rules) == 0
}

// servesEveryHost reports whether a route takes every request of hosts without
// rules. An Ingress with only a default backend would take them from it: the
// controller keeps the first location of a path (controller.go, getBackendServers).
func servesEveryHost(all []providers.Route) bool { return routes.ServesAll(all, "") }

// split groups routes by the protocol of their backend, HTTP/1.1 first.
func split(in providers.Input) []group {
	groups := []group{{h2c: false}, {h2c: true}}
	for i := range groups {
		for _, r := range in.Routes {
			if r.Backends[0].H2C == groups[i].h2c {
				groups[i].routes = append(groups[i].routes, r)
			}
		}
		if in.Default != nil && in.Default.H2C == groups[i].h2c {
			groups[i].routes = append(groups[i].routes, defaultRoutes(in)...)
			groups[i].fallback = in.Default
			if len(groups[i].routes) == 0 && servesEveryHost(in.Routes) {
				groups[i].fallback = nil
			}
		}
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.routes) == 0 && g.fallback == nil })
}

// defaultRoutes spells the default backend out for hosts with a backend of the
// other protocol: the location of a host's default backend has the protocol of
// the Ingress that names the host first (controller.go, createServers). For other
// hosts it is left to the controller, so that it yields to routes of others.
func defaultRoutes(in providers.Input) []providers.Route {
	var extra []providers.Route
	for _, r := range in.Routes {
		if r.Host == "" || r.Backends[0].H2C == in.Default.H2C ||
			routes.ServesAll(in.Routes, r.Host) || routes.ServesAll(extra, r.Host) {
			continue
		}
		extra = append(extra, routes.Default(in, r.Host))
	}
	return extra
}

func newIngress(in providers.Input, name string, h2c bool) *networkingv1.Ingress {
	ing := ingresses.New(in, name, annotations.With(in, ownAnnotations(in, h2c)))
	ing.Spec.IngressClassName = &in.Class.IngressClassName
	return ing
}
