// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// Style is how a vendor's Ingresses look.
type Style struct {
	// PerBackend gives each Service and port Ingresses of its own, for annotations
	// that hold for a whole Ingress and depend on the backend. Otherwise backends
	// share an Ingress, but for those that speak HTTP/2.
	PerBackend bool

	// Mixed lets backends that speak HTTP/2 share an Ingress with others, for a vendor
	// that can tell them apart. PerBackend goes first.
	Mixed bool

	// ClassAnnotation, where it is not empty, is the annotation that names the class
	// in place of spec.ingressClassName.
	ClassAnnotation string

	// Annotations of an Ingress all of whose routes go to backends like b: to b, if
	// PerBackend. May be nil.
	Annotations func(b providers.Backend) map[string]string

	// Part divides the routes of an Ingress further, for annotations that hold for a
	// whole Ingress and depend on the route: routes with the same part share one. The
	// part is in its name, unless it is empty. May be nil.
	Part func(r providers.Route) string

	// PartAnnotations are more annotations of the Ingress of a part. May be nil.
	PartAnnotations func(part string) map[string]string

	// DefaultWithRules puts the default backend into the Ingress that holds the rules
	// to the same backend. Otherwise it has an Ingress without rules.
	DefaultWithRules bool
}

// group is one Ingress to be.
type group struct {
	// Backend that stands for all of the Ingress.
	Backend providers.Backend

	// Routes of the Ingress, in the order of the spec.
	Routes []providers.Route

	// Default is the backend for what no rule matches; may be nil.
	Default *providers.Backend

	// Part of all the routes.
	Part string
}

// Build returns the Ingresses of a MeshIngress, in the order in which the spec names
// their backends, as objects of a Plan. Each route must have one backend.
func Build(in providers.Input, style Style) []*unstructured.Unstructured {
	groups := style.split(in)
	all := make([]*unstructured.Unstructured, 0, len(groups))
	for i, g := range groups {
		ing := New(in, style.name(in, g), style.annotations(in, g))
		if style.ClassAnnotation == "" {
			ing.Spec.IngressClassName = &in.Class.IngressClassName
		}
		ing.Spec.Rules = Rules(g.Routes)
		ing.Spec.TLS = TLS(tlsOf(in, g, i == 0))
		if g.Default != nil {
			b := Backend(*g.Default)
			ing.Spec.DefaultBackend = &b
		}
		all = append(all, objects.FromTyped(providers.KindIngress, ing))
	}
	return all
}

func (s Style) annotations(in providers.Input, g group) map[string]string {
	own := map[string]string{}
	if s.Annotations != nil {
		maps.Copy(own, s.Annotations(g.Backend))
	}
	if s.PartAnnotations != nil {
		maps.Copy(own, s.PartAnnotations(g.Part))
	}
	if s.ClassAnnotation != "" {
		own[s.ClassAnnotation] = in.Class.IngressClassName
	}
	return annotations.With(in, own)
}

// name tells Ingresses apart by what they hold, never by their number, so that a new
// backend renames none.
func (s Style) name(in providers.Input, g group) string {
	var parts []string
	switch {
	case s.PerBackend:
		parts = []string{g.Backend.Namespace, g.Backend.Service, strconv.Itoa(int(g.Backend.Port))}
	case g.Backend.H2C && !s.Mixed:
		parts = []string{"grpc"}
	}
	if g.Part != "" {
		parts = append(parts, g.Part)
	}
	if len(g.Routes) == 0 {
		parts = append(parts, "default")
	}
	return names.Of(in, parts...)
}

// split sorts routes into Ingresses.
func (s Style) split(in providers.Input) []group {
	var groups []group
	for _, r := range in.Routes {
		part := s.part(r)
		i := slices.IndexFunc(groups, func(g group) bool { return g.Part == part && s.share(g.Backend, r.Backends[0]) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{Backend: r.Backends[0], Part: part})
		}
		groups[i].Routes = append(groups[i].Routes, r)
	}
	if in.Default == nil {
		return groups
	}
	i := slices.IndexFunc(groups, func(g group) bool { return g.Part == "" && s.share(g.Backend, *in.Default) })
	if s.DefaultWithRules && i >= 0 {
		groups[i].Default = in.Default
		return groups
	}
	return append(groups, group{Backend: *in.Default, Default: in.Default})
}

func (s Style) part(r providers.Route) string {
	if s.Part == nil {
		return ""
	}
	return s.Part(r)
}

// share reports whether routes to two backends can be in one Ingress.
func (s Style) share(a, b providers.Backend) bool {
	if s.PerBackend {
		return routes.SamePort(a, b)
	}
	return s.Mixed || a.H2C == b.H2C
}

// New is an Ingress without a spec, with the labels of spec.template.
func New(in providers.Input, name string, annotations map[string]string) *networkingv1.Ingress {
	return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: in.Namespace, Name: name,
		Labels: maps.Clone(in.Labels), Annotations: annotations,
	}}
}

// Rules keeps the order in which hosts appear, and that of each host's paths. It
// takes the first backend of each route.
func Rules(routes []providers.Route) []networkingv1.IngressRule {
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
			Path: r.Path, PathType: &pathType, Backend: Backend(r.Backends[0]),
		})
	}
	return out
}

// Backend is a Service and the number of its port.
func Backend(b providers.Backend) networkingv1.IngressBackend {
	return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
		Name: b.Service, Port: networkingv1.ServiceBackendPort{Number: b.Port},
	}}
}

// TLS are all entries, for a vendor whose Ingresses hold every host.
func TLS(entries []v1alpha1.TLS) []networkingv1.IngressTLS {
	var out []networkingv1.IngressTLS
	for _, t := range entries {
		out = append(out, networkingv1.IngressTLS{Hosts: slices.Clone(t.Hosts), SecretName: t.SecretName})
	}
	return out
}

// tlsOf are the entries for the Ingress of one group: those without hosts, and those
// with a host of its routes. An entry whose hosts no route has is in the first, so
// that it is not lost, and in no other: cert-manager wants one Ingress for a Secret.
func tlsOf(in providers.Input, g group, first bool) []v1alpha1.TLS {
	var own []v1alpha1.TLS
	for _, t := range in.TLS {
		if len(t.Hosts) == 0 || covers(t, g.Routes) || (first && !covers(t, in.Routes)) {
			own = append(own, t)
		}
	}
	return own
}

func covers(t v1alpha1.TLS, routes []providers.Route) bool {
	return slices.ContainsFunc(routes, func(r providers.Route) bool {
		return r.Host == "" || slices.ContainsFunc(t.Hosts, func(h string) bool { return CoversHost(h, r.Host) })
	})
}

// CoversHost reports whether a certificate for a name is one for a host: the same,
// or "*." for the one label that the host has more.
func CoversHost(name, host string) bool {
	if name == host {
		return true
	}
	_, parent, found := strings.Cut(host, ".")
	return found && name == "*."+parent
}
