// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"maps"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/notices"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// Limits of HTTPRoute and GRPCRoute: 16 rules, 64 matches in a rule, 128 in all of
// them (config/crd/standard; apis/v1/httproute_types.go). A MeshIngress has at most 64
// paths for a host, and the default backend makes 65, so that of these only the
// matches of a rule and the rules need care.
const (
	maxRules   = 16
	maxMatches = 64
)

// Style is how a vendor's routes look.
type Style struct {
	// GRPC lets a MeshIngress that has only routes of gRPC become GRPCRoutes; see
	// allGRPC. Otherwise all are HTTPRoutes.
	GRPC bool

	// Features that the vendor has, where its GatewayClass need not say so.
	Features []features.FeatureName
}

// Build returns the routes of a MeshIngress, attached to the gatewayRef of its class,
// which must be set: one HTTPRoute or GRPCRoute for each host, and more where a host
// has more than 16 rules. With StrategyHeader each rule sets l5d-dst-override, or each
// of its backends where there are several. Reads says what the Objects of the Input
// must hold.
//
// Errors: Invalid for a path that the schema refuses, for a Gateway of which no
// listener takes the route, and for several backends with StrategyHeader where the
// GatewayClass does not say that it can set a header for each. All but the first are
// found only where the Gateway or the GatewayClass is there; where it is not, a notice
// says so.
func Build(in providers.Input, style Style) (providers.Plan, field.ErrorList) {
	s := Survey(in.Class, in.Objects)
	s.known = style.Features
	errs := checkPaths(in)
	errs = append(errs, s.checkBackendHeaders(in)...)
	var plan providers.Plan
	all, taken := withDefault(in)
	in.Routes = all
	k := KindHTTPRoute
	if style.GRPC && s.canGRPC(in) && allGRPC(in) {
		k = KindGRPCRoute
	}
	errs = append(errs, s.checkListeners(in, k)...)
	for _, host := range routes.Hosts(in.Routes) {
		plan.Objects = append(plan.Objects, build(in, k, host)...)
	}
	// apis/v1/shared_types.go, Hostname.
	plan.Notices = slices.Concat(s.notices(in), notices.WildcardHostIsDeep("the Gateway API", in.Routes), taken)
	if k == KindHTTPRoute {
		plan.Notices = append(plan.Notices, s.h2cNotices(in)...)
	}
	return plan, errs
}

// build makes the routes of one host.
func build(in providers.Input, k providers.Kind, host string) []*unstructured.Unstructured {
	groups := group(routes.OfHost(in.Routes, host))
	var out []*unstructured.Unstructured
	for chunk := range slices.Chunk(groups, maxRules) {
		meta := metav1.ObjectMeta{
			Namespace: in.Namespace, Name: routeName(in, host, len(out)+1),
			Labels: maps.Clone(in.Labels), Annotations: maps.Clone(in.Annotations),
		}
		common := gatewayv1.CommonRouteSpec{ParentRefs: []gatewayv1.ParentReference{parentRef(in.Class.Spec.GatewayRef)}}
		if k == KindGRPCRoute {
			out = append(out, objects.FromTyped(k, &gatewayv1.GRPCRoute{ObjectMeta: meta, Spec: gatewayv1.GRPCRouteSpec{
				CommonRouteSpec: common, Hostnames: hostnames(host), Rules: grpcRules(in, chunk),
			}}))
			continue
		}
		out = append(out, objects.FromTyped(k, &gatewayv1.HTTPRoute{ObjectMeta: meta, Spec: gatewayv1.HTTPRouteSpec{
			CommonRouteSpec: common, Hostnames: hostnames(host), Rules: httpRules(in, chunk),
		}}))
	}
	return out
}

// group puts routes to the same backends together, in the order in which they appear:
// each is one rule.
func group(ofHost []providers.Route) [][]providers.Route {
	var groups [][]providers.Route
	for _, r := range ofHost {
		i := slices.IndexFunc(groups, func(g []providers.Route) bool {
			return len(g) < maxMatches && slices.EqualFunc(g[0].Backends, r.Backends, sameBackend)
		})
		if i < 0 {
			groups = append(groups, []providers.Route{r})
			continue
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

func sameBackend(a, b providers.Backend) bool {
	a.Field, b.Field = nil, nil
	return a == b
}

// routeName depends on the host alone, so that no other host's coming or going
// renames a route. Routes of a host beyond the first are numbered.
func routeName(in providers.Input, host string, part int) string {
	var parts []string
	if host != "" {
		parts = names.HostParts(host)
	}
	if part > 1 {
		parts = append(parts, "part", strconv.Itoa(part))
	}
	return names.Of(in, parts...)
}

func hostnames(host string) []gatewayv1.Hostname {
	if host == "" {
		return nil
	}
	return []gatewayv1.Hostname{gatewayv1.Hostname(host)}
}
