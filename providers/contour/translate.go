// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/override"
	"github.com/meshingress/meshingress/providers/internal/routes"
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
	certs, errs := certificates.New("Contour", in.TLS)
	errs = append(errs, annotations.Check(in, annotations.ClassRefusal(projectcontourClass))...)
	errs = append(errs, checkHosts(in)...)
	errs = append(errs, override.CheckDestinations(in, notLiteral)...)

	var plan providers.Plan
	for _, host := range routes.Hosts(in.Routes) {
		ofHost := routes.OfHost(in.Routes, host)
		errs = append(errs, routes.CheckNormalized(ofHost)...)
		errs = append(errs, routes.CheckSlashes(ofHost)...)
		vhost := &contourv1.VirtualHost{Fqdn: host}
		if secret, ok := certs.SecretFor(host); ok {
			vhost.TLS = &contourv1.TLS{SecretName: secret}
		}
		plan.Objects = append(plan.Objects, objects.FromTyped(kindHTTPProxy, &contourv1.HTTPProxy{
			ObjectMeta: metav1.ObjectMeta{
				// Contour serves neither of two HTTPProxies with one fqdn (internal/dag/
				// httpproxy_processor.go, validHTTPProxies), so a host that moved to an
				// object of another name would be down until the old one is pruned.
				Namespace: in.Namespace, Name: names.OfHost(in, host),
				Labels: in.Labels, Annotations: in.Annotations,
			},
			Spec: contourv1.HTTPProxySpec{
				IngressClassName: in.Class.IngressClassName,
				VirtualHost:      vhost,
				Routes:           translateRoutes(ofHost, in.ClusterDomain),
			},
		}))
	}
	plan.Notices = certs.Notices()
	return plan, errs
}

// translateRoutes translates the routes of one host.
//
// Contour's prefix is one of strings (internal/dag/conditions.go,
// mergePathMatchConditions leaves PrefixMatchType at PrefixMatchString;
// internal/envoy/v3/route.go, PathRouteMatch). It sorts exact before prefix and
// longer before shorter (internal/sorter/sorter.go), whatever the order written, and
// of two routes with the same conditions it keeps the last (internal/dag/dag.go,
// VirtualHost.AddRoute). It has Envoy resolve dot segments always
// (internal/envoy/v3/listener.go, NormalizePath) and merge slashes by default
// (disableMergeSlashes in pkg/config/parameters.go).
func translateRoutes(ofHost []providers.Route, clusterDomain string) []contourv1.Route {
	var out []contourv1.Route
	taken := routes.Exact(ofHost)
	for _, r := range ofHost {
		services := translateServices(r.Backends, clusterDomain)
		for _, m := range routes.Matches(r, taken) {
			out = append(out, contourv1.Route{
				Conditions: []contourv1.MatchCondition{{Exact: m.Exact, Prefix: m.Prefix}},
				Services:   services,
			})
		}
	}
	return out
}

// translateServices sets the header on each service, not on the route: a route's
// header would send the requests of all services to one.
func translateServices(backends []providers.Backend, clusterDomain string) []contourv1.Service {
	services := make([]contourv1.Service, 0, len(backends))
	for _, b := range backends {
		service := contourv1.Service{
			Name: b.Service, Port: int(b.Port),
			RequestHeadersPolicy: &contourv1.HeadersPolicy{
				Set: []contourv1.HeaderValue{{Name: linkerd.OverrideHeader, Value: b.Destination(clusterDomain)}},
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
	return services
}
