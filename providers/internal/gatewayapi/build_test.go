// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestWithoutHeaderRoutingNoRuleHasAFilter(t *testing.T) {
	in := input(t,
		prefix("example.com", "/", backend("web"), backend("canary")), prefix("example.com", "/api", backend("api")))
	in.Strategy.Strategy = v1alpha1.StrategyClusterIP
	for _, rule := range httpRoutes(t, in)[0].Spec.Rules {
		if len(rule.Filters) > 0 {
			t.Errorf("filters of the rule: %v", rule.Filters)
		}
		for _, b := range rule.BackendRefs {
			if len(b.Filters) > 0 {
				t.Errorf("filters of the backend %s: %v", b.Name, b.Filters)
			}
		}
	}
}

// A filter may do one thing only with a header's name, so it must not remove as well.
func TestTheHeaderIsSetAndNothingElse(t *testing.T) {
	want := gatewayv1.HTTPHeaderFilter{Set: []gatewayv1.HTTPHeader{{
		Name: linkerd.OverrideHeader, Value: "web.default.svc.cluster.local:80",
	}}}
	rule := httpRoutes(t, input(t, prefix("example.com", "/", backend("web"))))[0].Spec.Rules[0]
	if len(rule.Filters) != 1 || rule.Filters[0].Type != gatewayv1.HTTPRouteFilterRequestHeaderModifier {
		t.Fatalf("filters: %v", rule.Filters)
	}
	story.Diff(t, "filter", want, *rule.Filters[0].RequestHeaderModifier)
}

func TestRoutesToTheSameBackendsShareARule(t *testing.T) {
	heavy := backend("web")
	heavy.Weight = 2
	rules := httpRoutes(t, input(t,
		prefix("example.com", "/", backend("web")),
		exact("example.com", "/api", backend("api")),
		exact("example.com", "/about", backend("web")),
		prefix("example.com", "/heavy", heavy),
	))[0].Spec.Rules
	var got [][]string
	for _, r := range rules {
		var paths []string
		for _, m := range r.Matches {
			paths = append(paths, fmt.Sprintf("%s %s", *m.Path.Type, *m.Path.Value))
		}
		got = append(got, paths)
	}
	story.Diff(t, "paths of the rules", [][]string{
		{"PathPrefix /", "Exact /about"}, {"Exact /api"}, {"PathPrefix /heavy"},
	}, got)
}

func TestNoRouteExceedsTheLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		backends int
		want     [][]int // matches of each rule of each route
	}{
		"64 paths to one Service":      {1, [][]int{{64}}},
		"64 paths to 64 Services":      {64, [][]int{ones(16), ones(16), ones(16), ones(16)}},
		"64 paths to 17 Services":      {17, [][]int{append(repeat(4, 13), 3, 3, 3), {3}}},
		"64 paths and the default one": {-1, [][]int{{64, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []providers.Route
			for i := range 64 {
				service := fmt.Sprintf("web-%d", i%max(tc.backends, 1))
				paths = append(paths, prefix("example.com", fmt.Sprintf("/%d", i), backend(service)))
			}
			in := input(t, paths...)
			if tc.backends < 0 {
				in.Default = new(backend("web-0"))
			}
			var got [][]int
			names := map[string]bool{}
			for _, route := range httpRoutes(t, in) {
				if len(route.Spec.Hostnames) == 0 {
					continue
				}
				names[route.Name] = true
				var matches []int
				for _, r := range route.Spec.Rules {
					matches = append(matches, len(r.Matches))
				}
				got = append(got, matches)
			}
			story.Diff(t, "matches", tc.want, got)
			story.Diff(t, "names", len(got), len(names))
		})
	}
}

func ones(n int) []int { return repeat(1, n) }

func repeat(value, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = value
	}
	return all
}

// A host keeps its routes' names whatever becomes of the others.
func TestTheNameIsTheHosts(t *testing.T) {
	one := httpRoutes(t, input(t, prefix("example.com", "/", backend("web"))))
	two := httpRoutes(t, input(t, prefix("*.example.com", "/", backend("web")), prefix("", "/", backend("web")),
		prefix("example.com", "/", backend("web"))))
	story.Diff(t, "name", one[0].Name, two[2].Name)
	if len(two) != 3 || two[0].Name == two[1].Name || two[1].Name == two[2].Name || two[0].Name == two[2].Name {
		t.Errorf("want three routes of three names, got %v", two)
	}
}

func TestWhatBecomesAGRPCRoute(t *testing.T) {
	const service, method = "/shop.v1.Cart", "/shop.v1.Cart/Add"
	for name, tc := range map[string]struct {
		routes []providers.Route
		want   string
	}{
		"a service":                   {[]providers.Route{prefix("a", service, h2c("cart"))}, "GRPCRoute"},
		"a service and a method":      {[]providers.Route{prefix("a", service, h2c("cart")), exact("b", method, h2c("cart"))}, "GRPCRoute"},
		"a service with a slash":      {[]providers.Route{prefix("a", service+"/", h2c("cart"))}, "GRPCRoute"},
		"a service without package":   {[]providers.Route{prefix("a", "/Cart", h2c("cart"))}, "HTTPRoute"},
		"an exact path of a service":  {[]providers.Route{exact("a", service, h2c("cart"))}, "HTTPRoute"},
		"a prefix of a method":        {[]providers.Route{prefix("a", method, h2c("cart"))}, "HTTPRoute"},
		"a path below a method":       {[]providers.Route{exact("a", method+"/x", h2c("cart"))}, "HTTPRoute"},
		"a path of another kind":      {[]providers.Route{prefix("a", "/", h2c("cart"))}, "HTTPRoute"},
		"a backend in HTTP/1.1":       {[]providers.Route{prefix("a", service, backend("cart"))}, "HTTPRoute"},
		"one of two hosts is another": {[]providers.Route{prefix("a", service, h2c("cart")), prefix("b", "/", h2c("cart"))}, "HTTPRoute"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, got := range kinds(t, input(t, tc.routes...), Style{GRPC: true}) {
				story.Diff(t, "kind", tc.want, got)
			}
		})
	}
}

func TestWhatKeepsRoutesOfGRPCFromBeingGRPCRoutes(t *testing.T) {
	perBackend := []features.FeatureName{features.SupportHTTPRouteBackendRequestHeaderModification}
	for name, tc := range map[string]struct {
		change func(*providers.Input)
		style  Style
		want   string
	}{
		"nothing":           {func(*providers.Input) {}, Style{GRPC: true}, "GRPCRoute"},
		"the vendor":        {func(*providers.Input) {}, Style{}, "HTTPRoute"},
		"the CRD":           {func(in *providers.Input) { delete(in.Served, KindGRPCRoute) }, Style{GRPC: true}, "HTTPRoute"},
		"a default backend": {func(in *providers.Input) { in.Default = new(h2c("cart")) }, Style{GRPC: true}, "HTTPRoute"},
		"a header for each of several backends": {
			func(in *providers.Input) { in.Routes[0].Backends = append(in.Routes[0].Backends, h2c("canary")) },
			Style{GRPC: true, Features: perBackend},
			"HTTPRoute",
		},
		"not several backends without a header": {
			func(in *providers.Input) {
				in.Routes[0].Backends = append(in.Routes[0].Backends, h2c("canary"))
				in.Strategy.Strategy = v1alpha1.StrategyClusterIP
			},
			Style{GRPC: true},
			"GRPCRoute",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, prefix("a", "/shop.v1.Cart", h2c("cart")))
			tc.change(&in)
			for _, got := range kinds(t, in, tc.style) {
				story.Diff(t, "kind", tc.want, got)
			}
		})
	}
}

func TestTheGatewayClassSaysWhatTheImplementationCan(t *testing.T) {
	grpc := prefix("a", "/shop.v1.Cart", h2c("cart"))
	listing := func(features string) []*unstructured.Unstructured {
		return []*unstructured.Unstructured{supports(t, features)}
	}
	for name, tc := range map[string]struct {
		class []*unstructured.Unstructured
		want  string
		warns []string
	}{
		"no GatewayClass":          {nil, "GRPCRoute", nil},
		"lists GRPCRoute":          {listing("{name: GRPCRoute}"), "GRPCRoute", nil},
		"lists nothing":            {listing(""), "GRPCRoute", nil},
		"lists others":             {listing("{name: HTTPRoute}"), "HTTPRoute", []string{ReasonBackendProtocolUnsure}},
		"lists h2c":                {listing("{name: HTTPRouteBackendProtocolH2C}"), "HTTPRoute", nil},
		"lists strings, as it did": {listing("HTTPRouteBackendProtocolH2C"), "HTTPRoute", nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, grpc)
			in.Objects = append(in.Objects, tc.class...)
			story.Diff(t, "kinds", []string{tc.want}, kinds(t, in, Style{GRPC: true}))
			story.Diff(t, "notices", tc.warns, reasons(t, in, Style{GRPC: true}))
		})
	}
}

func TestSeveralBackendsNeedAHeaderEach(t *testing.T) {
	weighted := prefix("example.com", "/", backend("web"), backend("canary"))
	needed := supports(t, "{name: HTTPRouteBackendRequestHeaderModification}")
	in := input(t, weighted)
	story.Diff(t, "errors without GatewayClass", []story.Failure{story.Invalid("spec.rules[0].paths[0].backends")}, failures(t, in))
	in.Objects = append(in.Objects, supports(t, "{name: HTTPRoute}"))
	story.Diff(t, "errors without the feature", []story.Failure{story.Invalid("spec.rules[0].paths[0].backends")}, failures(t, in))
	in.Strategy.Strategy = v1alpha1.StrategyClusterIP
	story.Diff(t, "errors without the header", nil, failures(t, in))

	in = input(t, weighted)
	in.Objects = append(in.Objects, needed)
	rule := httpRoutes(t, in)[0].Spec.Rules[0]
	if len(rule.Filters) > 0 {
		t.Errorf("a filter of the rule would send all to one Service: %v", rule.Filters)
	}
	for _, b := range rule.BackendRefs {
		want := string(b.Name) + ".default.svc.cluster.local:80"
		if len(b.Filters) != 1 || b.Filters[0].RequestHeaderModifier.Set[0].Value != want {
			t.Errorf("want %s set to %s, got %v", b.Name, want, b.Filters)
		}
	}
}
