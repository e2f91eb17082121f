// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// withDefault returns the routes with those for the default backend: a prefix "/" for
// every host, and for each host of the MeshIngress that has none. The latter because
// implementations look for the host first and answer 404 where none of its paths fits
// (envoyproxy/gateway internal/xds/translator/translator.go v1.9.0: a
// virtual host for each hostname).
//
// A host whose "/" an HTTPRoute of others has already is left to it, with a notice:
// of two with the same match the older wins, and it might be ours.
func withDefault(in providers.Input) ([]providers.Route, []v1alpha1.Notice) {
	all := slices.Clone(in.Routes)
	if in.Default == nil {
		return all, nil
	}
	var notices []v1alpha1.Notice
	hosts := routes.Hosts(in.Routes)
	if !slices.Contains(hosts, "") {
		hosts = append(hosts, "")
	}
	for _, host := range hosts {
		if routes.ServesAll(in.Routes, host) {
			continue
		}
		if other := servedElsewhere(in, host); other != "" {
			notices = append(notices, defaultTaken(host, other))
			continue
		}
		all = append(all, routes.Default(in, host))
	}
	return all, notices
}

// servedElsewhere names an HTTPRoute of others at the same Gateway that has the prefix
// "/" of a host; empty where there is none.
func servedElsewhere(in providers.Input, host string) string {
	for _, obj := range in.Objects {
		if !objects.Is(obj, KindHTTPRoute) || in.Owns(obj) {
			continue
		}
		if route, ok := objects.Decode[gatewayv1.HTTPRoute](obj); ok && meets(in.Class, route.Spec.CommonRouteSpec, obj) &&
			hasHost(route.Spec.Hostnames, host) && slices.ContainsFunc(route.Spec.Rules, servesAll) {
			return obj.GetNamespace() + "/" + obj.GetName()
		}
	}
	return ""
}

// meets reports whether a route is attached to a listener of the Gateway that ours are
// attached to as well.
func meets(class providers.Class, spec gatewayv1.CommonRouteSpec, obj *unstructured.Unstructured) bool {
	return slices.ContainsFunc(spec.ParentRefs, func(p gatewayv1.ParentReference) bool {
		ref := class.Spec.GatewayRef
		apart := p.SectionName != nil && ref.SectionName != "" && string(*p.SectionName) != ref.SectionName
		return !apart && RefersTo(p, obj.GetNamespace(), ref)
	})
}

func hasHost(all []gatewayv1.Hostname, host string) bool {
	if host == "" {
		return len(all) == 0
	}
	return slices.Contains(all, gatewayv1.Hostname(host))
}

// servesAll reports whether a rule takes every request of its hosts: no match is the
// prefix "/".
func servesAll(rule gatewayv1.HTTPRouteRule) bool {
	return len(rule.Matches) == 0 || slices.ContainsFunc(rule.Matches, func(m gatewayv1.HTTPRouteMatch) bool {
		anyPath := m.Path == nil || ((m.Path.Type == nil || *m.Path.Type == gatewayv1.PathMatchPathPrefix) &&
			(m.Path.Value == nil || *m.Path.Value == "/"))
		return anyPath && m.Method == nil && len(m.Headers)+len(m.QueryParams) == 0
	})
}
