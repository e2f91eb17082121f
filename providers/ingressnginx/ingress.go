// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
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
	var ingresses []*networkingv1.Ingress
	name := names.Join(in.Name)
	for _, g := range split(in) {
		ing := newIngress(in, name, g.h2c)
		ing.Spec.Rules = rules(g.routes)
		ing.Spec.TLS = tls(in.TLS)
		if g.fallback != nil {
			b := backend(*g.fallback)
			ing.Spec.DefaultBackend = &b
		}
		ingresses = append(ingresses, ing)
		name = names.Join(in.Name, "grpc")
	}
	if in.Default != nil && !servesEveryHost(in.Routes) && !slices.ContainsFunc(ingresses, isCatchAll) {
		ing := newIngress(in, names.Join(in.Name, "default"), in.Default.H2C)
		b := backend(*in.Default)
		ing.Spec.DefaultBackend = &b
		ingresses = append(ingresses, ing)
	}
	return ingresses
}

func isCatchAll(ing *networkingv1.Ingress) bool {
	return ing.Spec.DefaultBackend != nil && len(ing.Spec.Rules) == 0
}

// servesEveryHost reports whether a route takes every request of hosts without
// rules. An Ingress with only a default backend would take them from it: the
// controller keeps the first location of a path (controller.go, getBackendServers).
func servesEveryHost(routes []providers.Route) bool { return servesAll(routes, "") }

// servesAll reports whether a route takes whatever other routes of a host leave.
func servesAll(routes []providers.Route, host string) bool {
	return slices.ContainsFunc(routes, func(r providers.Route) bool {
		return r.Host == host && r.Path == "/" && r.PathType == v1alpha1.PathTypePrefix
	})
}

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
	var routes []providers.Route
	for _, r := range in.Routes {
		if r.Host == "" || r.Backends[0].H2C == in.Default.H2C || servesAll(in.Routes, r.Host) || servesAll(routes, r.Host) {
			continue
		}
		routes = append(routes, defaultRoute(in, r.Host))
	}
	return routes
}

func defaultRoute(in providers.Input, host string) providers.Route {
	return providers.Route{
		Host: host, Path: "/", PathType: v1alpha1.PathTypePrefix, Backends: []providers.Backend{*in.Default},
	}
}

func newIngress(in providers.Input, name string, h2c bool) *networkingv1.Ingress {
	annotations := maps.Clone(in.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	maps.Copy(annotations, ownAnnotations(in, h2c))
	class := in.Class.IngressClassName
	return &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: in.Namespace, Name: name,
			Labels: maps.Clone(in.Labels), Annotations: annotations,
		},
		Spec: networkingv1.IngressSpec{IngressClassName: &class},
	}
}

// rules keeps the order in which hosts appear, and that of each host's paths.
func rules(routes []providers.Route) []networkingv1.IngressRule {
	var out []networkingv1.IngressRule
	for _, r := range routes {
		i := slices.IndexFunc(out, func(rule networkingv1.IngressRule) bool { return rule.Host == r.Host })
		if i < 0 {
			i = len(out)
			out = append(out, networkingv1.IngressRule{
				Host:             r.Host,
				IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}},
			})
		}
		pathType := networkingv1.PathType(r.PathType)
		out[i].HTTP.Paths = append(out[i].HTTP.Paths, networkingv1.HTTPIngressPath{
			Path: r.Path, PathType: &pathType, Backend: backend(r.Backends[0]),
		})
	}
	return out
}

func backend(b providers.Backend) networkingv1.IngressBackend {
	return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
		Name: b.Service, Port: networkingv1.ServiceBackendPort{Number: b.Port},
	}}
}

func tls(entries []v1alpha1.TLS) []networkingv1.IngressTLS {
	var out []networkingv1.IngressTLS
	for _, t := range entries {
		out = append(out, networkingv1.IngressTLS{Hosts: slices.Clone(t.Hosts), SecretName: t.SecretName})
	}
	return out
}
