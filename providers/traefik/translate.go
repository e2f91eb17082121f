// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"maps"
	"slices"

	crd "github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// Translate writes one IngressRoute for the routes without TLS and one for each
// TLS Secret, because an IngressRoute holds one Secret. In header routing there
// is a Middleware for each Service and port.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	t := translation{
		in: in, group: groupOf(in.Strategy),
		made: map[string]bool{}, matches: map[string]bool{},
		routes: map[int][]crd.Route{}, used: map[int]bool{},
	}
	t.errs = annotations.Check(in, annotations.ClassRefusal())
	t.auth = t.externalAuth()
	for _, r := range in.Routes {
		t.route(r)
	}
	t.defaultRoute()
	t.errs = append(t.errs, checkTLS(in.TLS, t.used)...)
	if len(t.errs) > 0 {
		return providers.Plan{}, t.errs
	}
	return providers.Plan{Objects: append(t.objects, t.ingressRoutes()...)}, nil
}

// translation is the work on one MeshIngress.
type translation struct {
	in    providers.Input
	group string
	auth  []crd.MiddlewareRef // for every route, may be empty

	objects []*unstructured.Unstructured // the Middlewares
	made    map[string]bool              // their names
	matches map[string]bool              // the rules

	routes map[int][]crd.Route // by TLS entry, or noEntry
	used   map[int]bool        // the TLS entries with routes

	errs field.ErrorList
}

func (t *translation) route(r providers.Route) {
	rule, err := match(r)
	if err != nil {
		t.errs = append(t.errs, err)
		return
	}
	// Traefik names a route by its rule and serves one of each name.
	if t.matches[rule] {
		t.errs = append(t.errs, routes.Duplicate(r.Field.Child("path"), r.Path,
			"is the same rule of Traefik as another path of the host: remove one of the two"))
		return
	}
	t.matches[rule] = true
	t.add(r.Host, rule, priority(r), r.Backends, r.Field.Child("backends"))
}

// defaultRoute adds the default backend, unless a rule takes everything already:
// then it gets no request, and its rule would be the same text.
func (t *translation) defaultRoute() {
	if d := t.in.Default; d != nil && !t.matches[everything] {
		t.add("", everything, defaultPriority, []providers.Backend{*d}, d.Field)
	}
}

func (t *translation) add(host, rule string, priority int, backends []providers.Backend, at *field.Path) {
	live := t.live(backends)
	route := crd.Route{
		Kind: "Rule", Match: rule, Priority: priority,
		Services: t.services(live), Middlewares: slices.Clone(t.auth),
	}
	if t.in.Strategy.Strategy == v1alpha1.StrategyHeader {
		if len(live) != 1 {
			t.errs = append(t.errs, field.Forbidden(at,
				"header routing sends a route to one Service: keep one backend with a weight above 0"))
			return
		}
		route.Middlewares = append(route.Middlewares, t.header(live[0]))
	}
	entry := tlsEntry(t.in.TLS, host)
	t.used[entry] = true
	t.routes[entry] = append(t.routes[entry], route)
}

// live drops the backends without weight, and refuses those that Traefik does not
// reach: other namespances need allowCrossNamespace, false by default.
func (t *translation) live(backends []providers.Backend) []providers.Backend {
	var live []providers.Backend
	for _, b := range backends {
		if b.Namespace != t.in.Namespace {
			t.errs = append(t.errs, field.Forbidden(b.Field.Child("namespace"),
				"Traefik reaches only Services in the namespace of the route: put the MeshIngress there"))
		}
		if b.Weight > 0 {
			live = append(live, b)
		}
	}
	return live
}

func (t *translation) services(live []providers.Backend) []crd.Service {
	services := make([]crd.Service, 0, len(live))
	for _, b := range live {
		s := crd.LoadBalancerSpec{Kind: "Service", Name: b.Service, Port: intstr.FromInt32(b.Port)}
		s.NativeLB = t.in.Strategy.Strategy == v1alpha1.StrategyClusterIP
		if b.H2C {
			s.Scheme = "h2c"
		}
		if len(live) > 1 {
			weight := int(b.Weight)
			s.Weight = &weight
		}
		services = append(services, crd.Service{LoadBalancerSpec: s})
	}
	return services
}

// ingressRoutes puts the routes without TLS first, then those of each Secret in
// the order of the spec. Entries with the same Secret share an IngressRoute.
func (t *translation) ingressRoutes() []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	if open := t.routes[noEntry]; len(open) > 0 {
		out = append(out, t.ingressRoute(names.Of(t.in), open, nil))
	}
	var secrets []string
	bySecret := map[string][]crd.Route{}
	for i, e := range t.in.TLS {
		if bySecret[e.SecretName] == nil {
			secrets = append(secrets, e.SecretName)
		}
		bySecret[e.SecretName] = append(bySecret[e.SecretName], t.routes[i]...)
	}
	for _, secret := range secrets {
		out = append(out, t.ingressRoute(
			names.Of(t.in, "tls", secret), bySecret[secret], &crd.TLS{SecretName: secret}))
	}
	return out
}

func (t *translation) ingressRoute(name string, all []crd.Route, tls *crd.TLS) *unstructured.Unstructured {
	// spec.ingressClassName came with 3.7, which still reads the annotation
	// (pkg/provider/kubernetes/crd/kubernetes.go v2.11.14, v3.7.9).
	own := map[string]string{annotations.IngressClass: t.in.Class.IngressClassName}
	return objects.FromTyped(ingressRouteKind(t.group), &crd.IngressRoute{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: t.in.Namespace, Name: name,
			Labels: maps.Clone(t.in.Labels), Annotations: annotations.With(t.in, own),
		},
		Spec: crd.IngressRouteSpec{Routes: all, EntryPoints: t.entryPoints(), TLS: tls},
	})
}

func (t *translation) entryPoints() []string {
	if o := t.in.Class.Spec.Traefik; o != nil {
		return o.EntryPoints
	}
	return nil
}
