// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// Every field that has a default in the CRDs is written out: rules, matches,
// backendRefs and parentRefs are atomic lists, so what the API server adds to an entry
// would read as somebody's change of it.

func parentRef(ref *v1alpha1.GatewayReference) gatewayv1.ParentReference {
	p := gatewayv1.ParentReference{
		Group:     new(gatewayv1.Group(gatewayv1.GroupName)),
		Kind:      new(gatewayv1.Kind("Gateway")),
		Namespace: new(gatewayv1.Namespace(ref.Namespace)),
		Name:      gatewayv1.ObjectName(ref.Name),
	}
	if ref.SectionName != "" {
		p.SectionName = new(gatewayv1.SectionName(ref.SectionName))
	}
	return p
}

func httpRules(in providers.Input, groups [][]providers.Route) []gatewayv1.HTTPRouteRule {
	rules := make([]gatewayv1.HTTPRouteRule, 0, len(groups))
	for _, g := range groups {
		rule := gatewayv1.HTTPRouteRule{}
		for _, r := range g {
			rule.Matches = append(rule.Matches, httpMatch(r))
		}
		backends := g[0].Backends
		for _, b := range backends {
			ref := gatewayv1.HTTPBackendRef{BackendRef: backendRef(b)}
			if header(in) && len(backends) > 1 {
				ref.Filters = []gatewayv1.HTTPRouteFilter{{
					Type: gatewayv1.HTTPRouteFilterRequestHeaderModifier, RequestHeaderModifier: overwrite(in, b),
				}}
			}
			rule.BackendRefs = append(rule.BackendRefs, ref)
		}
		if header(in) && len(backends) == 1 {
			rule.Filters = []gatewayv1.HTTPRouteFilter{{
				Type: gatewayv1.HTTPRouteFilterRequestHeaderModifier, RequestHeaderModifier: overwrite(in, backends[0]),
			}}
		}
		rules = append(rules, rule)
	}
	return rules
}

// httpMatch relies on PathPrefix being one of path elements, as Prefix is in
// networking.k8s.io/v1 (apis/v1/httproute_types.go, PathMatchPathPrefix).
func httpMatch(r providers.Route) gatewayv1.HTTPRouteMatch {
	pathType := gatewayv1.PathMatchPathPrefix
	if r.PathType == v1alpha1.PathTypeExact {
		pathType = gatewayv1.PathMatchExact
	}
	return gatewayv1.HTTPRouteMatch{Path: &gatewayv1.HTTPPathMatch{Type: &pathType, Value: &r.Path}}
}

func backendRef(b providers.Backend) gatewayv1.BackendRef {
	return gatewayv1.BackendRef{
		BackendObjectReference: gatewayv1.BackendObjectReference{
			Group: new(gatewayv1.Group("")),
			Kind:  new(gatewayv1.Kind("Service")),
			Name:  gatewayv1.ObjectName(b.Service),
			Port:  &b.Port,
		},
		Weight: &b.Weight,
	}
}

func header(in providers.Input) bool { return in.Strategy.Strategy == v1alpha1.StrategyHeader }

// overwrite sets the header, which replaces the client's. It does not remove it as
// well: a filter may do one thing only with a name (apis/v1/httproute_types.go,
// HTTPHeaderFilter).
func overwrite(in providers.Input, b providers.Backend) *gatewayv1.HTTPHeaderFilter {
	return &gatewayv1.HTTPHeaderFilter{Set: []gatewayv1.HTTPHeader{{
		Name: linkerd.OverrideHeader, Value: b.Destination(in.ClusterDomain),
	}}}
}
