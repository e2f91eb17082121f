// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"slices"
	"strings"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/override"
)

// Exposed reports whether a client's l5d-dst-override passes through an Ingress or
// HTTPProxy of the class.
//
// An Ingress is always exposed: none of Contour's annotations sets a header
// (internal/annotation/annotations.go, annotationsByKind). An HTTPProxy is exposed
// where a service of a route neither sets nor removes the header and its route does
// not either, and where a tcpproxy carries what a client sent inside of TLS that
// Envoy ends: no header can be set there, yet Linkerd's proxy sees HTTP. Includes
// count in the HTTPProxy that they name, redirects and direct responses not at all.
// A mirror counts like any service.
//
// An object without class counts as of the class where that is "contour", the class
// that a Contour which was told none takes together with no class at all.
//
// The policy of the whole Contour (policy.request-headers in its ConfigMap) is not
// on the object: a Contour that sets or removes the header there is reported all
// the same.
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	if !servedBy(class, obj) {
		return false
	}
	switch obj.GroupVersionKind().GroupKind() {
	case providers.KindIngress.GroupKind():
		return true
	case kindHTTPProxy.GroupKind():
		proxy, ok := objects.Decode[contourv1.HTTPProxy](obj)
		return !ok || tcpExposed(proxy) || slices.ContainsFunc(proxy.Spec.Routes, routeExposed)
	default:
		return false
	}
}

// tcpExposed reports whether bytes of a client reach Linkerd's proxy in the clear.
// Under passthrough they are still TLS, which ingress mode does not look into
// (linkerd/linkerd2-proxy linkerd/app/outbound/src/ingress.rs).
func tcpExposed(proxy *contourv1.HTTPProxy) bool {
	if proxy.Spec.TCPProxy == nil || len(proxy.Spec.TCPProxy.Services) == 0 {
		return false
	}
	vhost := proxy.Spec.VirtualHost
	return vhost == nil || vhost.TLS == nil || !vhost.TLS.Passthrough
}

// routeExposed asks the route first: Envoy applies its headers after those of the
// services (envoyproxy/envoy docs/root/configuration/http/http_conn_man/headers.rst,
// "Custom request/response headers").
func routeExposed(r contourv1.Route) bool {
	if mentioned, closed := settled(r.RequestHeadersPolicy); mentioned {
		return !closed
	}
	return slices.ContainsFunc(r.Services, func(s contourv1.Service) bool {
		_, closed := settled(s.RequestHeadersPolicy)
		return !closed
	})
}

// settled tells whether a policy mentions the header, and whether the client's
// value is gone after it. Envoy removes before it sets, so set decides.
func settled(policy *contourv1.HeadersPolicy) (mentioned, closed bool) {
	if policy == nil {
		return false, false
	}
	for _, h := range policy.Set {
		if override.Is(h.Name) {
			return true, fixed(h.Value)
		}
	}
	removed := slices.ContainsFunc(policy.Remove, override.Is)
	return removed, removed
}

// fixed reports whether a client has no part in a value. Contour fills in its own
// variables from the HTTPProxy; the others, %REQ(...)% above all, are Envoy's
// (internal/dag/policy.go, escapeHeaderValue). Where such a one is empty, Envoy
// leaves the client's header as it is (envoyproxy/envoy
// source/common/router/header_parser.cc, evaluateHeaders).
func fixed(value string) bool {
	own := strings.NewReplacer("%CONTOUR_NAMESPACE%", "", "%CONTOUR_SERVICE_NAME%", "", "%CONTOUR_SERVICE_PORT%", "")
	return !strings.Contains(own.Replace(value), "%")
}
