// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"fmt"
	"slices"
	"strings"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// notLiteral would not arrive as written: Contour and Envoy expand "%"
// (internal/dag/policy.go, escapeHeaderValue), and Linkerd reads the rest as no
// authority.
const notLiteral = "$%{}\"\\,; \n"

// Translate makes one HTTPProxy per host, because an HTTPProxy has one fqdn.
//
// Errors: Forbidden for an annotation that names a class, Duplicate for a host of
// another HTTPProxy and for two paths or two TLS entries that Contour cannot tell
// apart, Invalid for a path that no request has after Envoy has normalized it,
// Required for TLS without hosts.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	certs, errs := newCertificates(in.TLS)
	errs = append(errs, checkAnnotations(in)...)
	errs = append(errs, checkHosts(in)...)

	var plan providers.Plan
	for _, host := range hosts(in.Routes) {
		routes, routeErrs := translateRoutes(in, routesOf(in.Routes, host))
		errs = append(errs, routeErrs...)
		vhost := &contourv1.VirtualHost{Fqdn: host}
		if secret, ok := certs.secretFor(host); ok {
			vhost.TLS = &contourv1.TLS{SecretName: secret}
		}
		plan.Objects = append(plan.Objects, objects.FromTyped(kindHTTPProxy, &contourv1.HTTPProxy{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: in.Namespace, Name: proxyName(in.Name, host),
				Labels: in.Labels, Annotations: in.Annotations,
			},
			Spec: contourv1.HTTPProxySpec{
				IngressClassName: in.Class.IngressClassName,
				VirtualHost:      vhost,
				Routes:           routes,
			},
		}))
	}
	plan.Notices = certs.notices()
	return plan, errs
}

// proxyName depends on the host alone, never on how many hosts there are. Contour
// serves neither of two HTTPProxies with one fqdn (internal/dag/
// httpproxy_processor.go, validHTTPProxies), so a host that moved to an object of
// another name would be down until the old one is pruned.
func proxyName(name, host string) string {
	if base, ok := strings.CutPrefix(host, "*."); ok {
		return names.Join(name, "wildcard", base)
	}
	return names.Join(name, host)
}

// hosts lists the hosts of routes, each once, in order of appearance.
func hosts(routes []providers.Route) []string {
	var all []string
	for _, r := range routes {
		if !slices.Contains(all, r.Host) {
			all = append(all, r.Host)
		}
	}
	return all
}

func routesOf(routes []providers.Route, host string) []providers.Route {
	return slices.DeleteFunc(slices.Clone(routes), func(r providers.Route) bool { return r.Host != host })
}

// translateRoutes translates the routes of one host.
func translateRoutes(in providers.Input, routes []providers.Route) ([]contourv1.Route, field.ErrorList) {
	var out []contourv1.Route
	errs := checkPaths(routes)
	taken := exactPaths(routes)
	for _, r := range routes {
		services, serviceErrs := translateServices(r.Backends, in.ClusterDomain)
		errs = append(errs, serviceErrs...)
		for _, c := range conditions(r, taken) {
			out = append(out, contourv1.Route{
				Conditions: []contourv1.MatchCondition{c},
				Services:   services,
			})
		}
	}
	return out, errs
}

// translateServices sets the header on each service, not on the route: a route's
// header would send the requests of all services to one.
func translateServices(backends []providers.Backend, clusterDomain string) ([]contourv1.Service, field.ErrorList) {
	var errs field.ErrorList
	services := make([]contourv1.Service, 0, len(backends))
	for _, b := range backends {
		destination := b.Destination(clusterDomain)
		if strings.ContainsAny(destination, notLiteral) {
			errs = append(errs, field.Invalid(b.Field, destination, fmt.Sprintf(
				"cannot be the value of %s: correct the Service's name or Linkerd's cluster domain", linkerd.OverrideHeader)))
		}
		service := contourv1.Service{
			Name: b.Service, Port: int(b.Port),
			RequestHeadersPolicy: &contourv1.HeadersPolicy{
				Set: []contourv1.HeaderValue{{Name: linkerd.OverrideHeader, Value: destination}},
			},
		}
		if len(backends) > 1 {
			service.Weight = int64(b.Weight)
		}
		if b.H2C {
			h2c := "h2c"
			service.Protocol = &h2c
		}
		services = append(services, service)
	}
	return services, errs
}
