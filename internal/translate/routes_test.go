// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/test/builders"
)

func TestRoutesOfTheStatus(t *testing.T) {
	s := tell(
		builders.WithPath("example.com", "/api", v1alpha1.PathTypeExact,
			builders.WeightedBackend("web-svc", 80, 3), builders.WeightedBackend("voting-svc", 80, 1),
			builders.WeightedBackend("web-svc", 80, 0)),
		builders.WithRule("", "/", "web-svc", "http"),
		builders.WithDefaultBackend("voting-svc", 80))
	s.class.Spec.Routing = v1alpha1.RoutingHeader
	result := s.end(t)
	const web, voting = "web-svc.emojivoto.svc.cluster.local:80", "voting-svc.emojivoto.svc.cluster.local:80"
	const exact, prefix, header = v1alpha1.PathTypeExact, v1alpha1.PathTypePrefix, v1alpha1.StrategyHeader
	want := []v1alpha1.RouteStatus{
		{Host: "example.com", Path: "/api", PathType: exact, Destination: web, Strategy: header},
		{Host: "example.com", Path: "/api", PathType: exact, Destination: voting, Strategy: header},
		{Host: "", Path: "/", PathType: prefix, Destination: web, Strategy: header},
		{Destination: voting, Strategy: header},
	}
	if diff := cmp.Diff(want, result.Routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// The keys find siblings through an index: whatever makes two MeshIngresses
// compete is a key of both.
func TestRouteKeys(t *testing.T) {
	prefix := v1alpha1.PathTypePrefix
	backend := builders.Backend("web-svc", 80)
	keys := func(opts ...builders.MeshIngressOption) []string {
		return translate.RouteKeys(builders.MeshIngress("web", "emojivoto", opts...))
	}
	for name, tc := range map[string]struct {
		a, b   []string
		shared int
	}{
		"nothing": {a: keys(), b: keys()},
		"the same route": {
			keys(builders.WithPath("a.com", "/b", prefix, backend)),
			keys(builders.WithPath("a.com", "/b/", "", backend)), 2,
		},
		"only the host": {
			keys(builders.WithPath("a.com", "/b", prefix, backend)),
			keys(builders.WithPath("a.com", "/c", prefix, backend)), 1,
		},
		"only every host": {
			keys(builders.WithPath("", "/b", prefix, backend)), keys(builders.WithPath("", "/c", prefix, backend)),
			1,
		},
		"the path alone": {
			keys(builders.WithPath("a.com", "/", prefix, backend)),
			keys(builders.WithPath("b.com", "/", prefix, backend)), 0,
		},
		"the default backend": {
			keys(builders.WithDefaultBackend("a", 80)), keys(builders.WithDefaultBackend("b", 81)), 1,
		},
		"a default and a route": {
			keys(builders.WithDefaultBackend("a", 80)), keys(builders.WithPath("", "/", prefix, backend)), 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			shared := slices.DeleteFunc(slices.Clone(tc.a), func(key string) bool { return !slices.Contains(tc.b, key) })
			if len(shared) != tc.shared {
				t.Errorf("shared keys are %q, want %d", shared, tc.shared)
			}
			if !slices.IsSorted(tc.a) || len(slices.Compact(slices.Clone(tc.a))) != len(tc.a) {
				t.Errorf("keys are not sorted, each once: %q", tc.a)
			}
		})
	}
}

func TestServices(t *testing.T) {
	cross := builders.Backend("web-svc", 80)
	cross.Service.Namespace = "other"
	mi := builders.MeshIngress("web", "emojivoto",
		builders.WithPath("b.com", "/", v1alpha1.PathTypePrefix, builders.Backend("web-svc", 80), cross),
		builders.WithRule("a.com", "/", "web-svc", "http"),
		builders.WithDefaultBackend("fallback", 80),
		builders.WithExternalAuth("auth", "authn", 8080, "/"))
	want := []types.NamespacedName{
		{Namespace: "auth", Name: "authn"},
		{Namespace: "emojivoto", Name: "fallback"},
		{Namespace: "emojivoto", Name: "web-svc"},
		{Namespace: "other", Name: "web-svc"},
	}
	if diff := cmp.Diff(want, translate.Services(mi)); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if got := translate.Services(builders.MeshIngress("web", "emojivoto")); len(got) != 0 {
		t.Errorf("got %v of a MeshIngress without backends", got)
	}
}
