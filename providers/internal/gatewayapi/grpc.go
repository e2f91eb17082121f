// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"regexp"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// grpcPath is "/<package>.<Service>" with or without "/<Method>", in the grammar of
// the CRD's rules for a method match (apis/v1/grpcroute_types.go, GRPCMethodMatch). A
// service without package is left out: its path could be any.
var grpcPath = regexp.MustCompile(`^/([A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)+)(?:/([A-Za-z_][A-Za-z_0-9]*))?$`)

// allGRPC reports whether every route is one of gRPC: an Exact path of a method or a
// Prefix path of a service, to backends that speak HTTP/2. It is all or nothing,
// because an implementation must refuse either an HTTPRoute or a GRPCRoute where their
// hosts intersect (apis/v1/grpcroute_types.go, Hostnames). For the same reason, and
// because it takes requests that are not gRPC, no MeshIngress with a default backend
// is. GRPCRoutes need not support filters on a backend, so that with several backends
// on a path only those that need no header are.
func allGRPC(in providers.Input) bool {
	if len(in.Routes) == 0 {
		return false
	}
	for _, r := range in.Routes {
		service, method := grpcMethod(r)
		exact := r.PathType == v1alpha1.PathTypeExact
		if service == "" || exact != (method != "") || (header(in) && len(r.Backends) > 1) {
			return false
		}
		for _, b := range r.Backends {
			if !b.H2C {
				return false
			}
		}
	}
	return true
}

// grpcMethod is the service and the method that a path names; empty where it names
// none.
func grpcMethod(r providers.Route) (service, method string) {
	path := r.Path
	if r.PathType != v1alpha1.PathTypeExact {
		path = routes.Elements(path)
	}
	if m := grpcPath.FindStringSubmatch(path); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

func grpcRules(in providers.Input, groups [][]providers.Route) []gatewayv1.GRPCRouteRule {
	rules := make([]gatewayv1.GRPCRouteRule, 0, len(groups))
	for _, g := range groups {
		rule := gatewayv1.GRPCRouteRule{}
		for _, r := range g {
			rule.Matches = append(rule.Matches, grpcMatch(r))
		}
		for _, b := range g[0].Backends {
			rule.BackendRefs = append(rule.BackendRefs, gatewayv1.GRPCBackendRef{BackendRef: backendRef(b)})
		}
		if header(in) {
			rule.Filters = []gatewayv1.GRPCRouteFilter{{
				Type: gatewayv1.GRPCRouteFilterRequestHeaderModifier, RequestHeaderModifier: overwrite(in, g[0].Backends[0]),
			}}
		}
		rules = append(rules, rule)
	}
	return rules
}

func grpcMatch(r providers.Route) gatewayv1.GRPCRouteMatch {
	service, method := grpcMethod(r)
	match := &gatewayv1.GRPCMethodMatch{Type: new(gatewayv1.GRPCMethodMatchExact), Service: &service}
	if method != "" {
		match.Method = &method
	}
	return gatewayv1.GRPCRouteMatch{Method: match}
}
