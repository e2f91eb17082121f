// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/override"
)

// Exposed reports whether a client's l5d-dst-override passes through an HTTPRoute or
// GRPCRoute that is attached to the class's Gateway: a rule with a backend neither sets
// nor removes the header, and neither does each of its backends. The listener does not
// matter: the same proxy answers for all of them.
//
// A route of the mesh, whose parent is a Service, is none of ours. One whose parent is
// a ListenerSet does not say which Gateway it is attached to, and counts as attached.
// An extensionRef of an implementation's own is not looked into, and a rule whose
// extension removes the header is reported all the same.
func Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	return exposed(obj, func(spec gatewayv1.CommonRouteSpec) bool { return reaches(class, spec, obj) })
}

// ExposedAnywhere is Exposed for a route of any Gateway: where annotations go to a whole
// Namespace, the data planes of other Gateways there are in ingress mode, too.
func ExposedAnywhere(obj *unstructured.Unstructured) bool { return exposed(obj, ofSomeGateway) }

// exposed reports whether a route that is served has an open rule.
func exposed(obj *unstructured.Unstructured, served func(gatewayv1.CommonRouteSpec) bool) bool {
	switch obj.GroupVersionKind().GroupKind() {
	case KindHTTPRoute.GroupKind():
		route, ok := objects.Decode[gatewayv1.HTTPRoute](obj)
		return !ok || (served(route.Spec.CommonRouteSpec) && slices.ContainsFunc(route.Spec.Rules, httpExposed))
	case KindGRPCRoute.GroupKind():
		route, ok := objects.Decode[gatewayv1.GRPCRoute](obj)
		return !ok || (served(route.Spec.CommonRouteSpec) && slices.ContainsFunc(route.Spec.Rules, grpcExposed))
	default:
		return false
	}
}

// ofSomeGateway reports whether a route is not only one of the mesh, whose parents are
// Services.
func ofSomeGateway(spec gatewayv1.CommonRouteSpec) bool {
	return slices.ContainsFunc(spec.ParentRefs, func(p gatewayv1.ParentReference) bool {
		return p.Kind == nil || *p.Kind != "Service"
	})
}

func reaches(class providers.Class, spec gatewayv1.CommonRouteSpec, obj *unstructured.Unstructured) bool {
	return attached(class, spec, obj) || slices.ContainsFunc(spec.ParentRefs, func(p gatewayv1.ParentReference) bool {
		// Until it was standard it was of the group gateway.networking.x-k8s.io, as XListenerSet.
		return p.Kind != nil && (*p.Kind == "ListenerSet" || *p.Kind == "XListenerSet")
	})
}

func attached(class providers.Class, spec gatewayv1.CommonRouteSpec, obj *unstructured.Unstructured) bool {
	return slices.ContainsFunc(spec.ParentRefs, func(p gatewayv1.ParentReference) bool {
		return RefersTo(p, obj.GetNamespace(), class.Spec.GatewayRef)
	})
}

func httpExposed(rule gatewayv1.HTTPRouteRule) bool {
	if closedHTTP(rule.Filters) {
		return false
	}
	mirrors := slices.ContainsFunc(rule.Filters, func(f gatewayv1.HTTPRouteFilter) bool { return f.RequestMirror != nil })
	return mirrors || slices.ContainsFunc(rule.BackendRefs, func(b gatewayv1.HTTPBackendRef) bool {
		return !closedHTTP(b.Filters)
	})
}

func closedHTTP(filters []gatewayv1.HTTPRouteFilter) bool {
	return slices.ContainsFunc(filters, func(f gatewayv1.HTTPRouteFilter) bool { return closes(f.RequestHeaderModifier) })
}

func grpcExposed(rule gatewayv1.GRPCRouteRule) bool {
	if closedGRPC(rule.Filters) {
		return false
	}
	mirrors := slices.ContainsFunc(rule.Filters, func(f gatewayv1.GRPCRouteFilter) bool { return f.RequestMirror != nil })
	return mirrors || slices.ContainsFunc(rule.BackendRefs, func(b gatewayv1.GRPCBackendRef) bool {
		return !closedGRPC(b.Filters)
	})
}

func closedGRPC(filters []gatewayv1.GRPCRouteFilter) bool {
	return slices.ContainsFunc(filters, func(f gatewayv1.GRPCRouteFilter) bool { return closes(f.RequestHeaderModifier) })
}

// closes reports whether the client's value is gone after a filter: add keeps it in
// front of the new one, and Envoy expands what is between "%", which may be a header of
// the client's (envoyproxy/gateway internal/xds/translator/route.go v1.9.0 passes it on).
func closes(f *gatewayv1.HTTPHeaderFilter) bool {
	return f != nil && (slices.ContainsFunc(f.Remove, override.Is) ||
		slices.ContainsFunc(f.Set, func(h gatewayv1.HTTPHeader) bool {
			return override.Is(string(h.Name)) && !strings.Contains(h.Value, "%")
		}))
}
