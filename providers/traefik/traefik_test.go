// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// The ways in the order of Describe.
const (
	nativeLB = iota
	headerIO
	headerContainous
)

func strategy(i int) providers.StrategySupport { return New().Describe().Strategies[i] }

// input is a MeshIngress "web" in namespace "shop".
func input(way int, routes ...providers.Route) providers.Input {
	return providers.Input{
		Name: "web", Namespace: "shop",
		Class:    providers.Class{Name: "edge", IngressClassName: "traefik"},
		Strategy: strategy(way), ClusterDomain: "cluster.local", Routes: routes,
	}
}

func prefix(host, path string, backends ...providers.Backend) providers.Route {
	return route(host, path, v1alpha1.PathTypePrefix, backends...)
}

func exact(host, path string, backends ...providers.Backend) providers.Route {
	return route(host, path, v1alpha1.PathTypeExact, backends...)
}

func route(host, path string, pathType v1alpha1.PathType, backends ...providers.Backend) providers.Route {
	if len(backends) == 0 {
		backends = []providers.Backend{service("front", 80)}
	}
	return providers.Route{
		Host: host, Path: path, PathType: pathType, Backends: backends,
		Field: field.NewPath("spec", "rules").Index(0).Child("paths").Index(0),
	}
}

func service(name string, port int32) providers.Backend {
	return providers.Backend{
		Namespace: "shop", Service: name, Port: port, Weight: 1, Field: field.NewPath("spec", "service"),
	}
}

func translate(t *testing.T, in providers.Input) []*unstructured.Unstructured {
	t.Helper()
	return story.Translate(t, New(), in).Objects
}

func ofKind(objects []*unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, o := range objects {
		if o.GetKind() == kind {
			out = append(out, o)
		}
	}
	return out
}

// routesOf returns spec.routes of an IngressRoute.
func routesOf(t *testing.T, obj *unstructured.Unstructured) []map[string]any {
	t.Helper()
	list, found, err := unstructured.NestedSlice(obj.Object, "spec", "routes")
	if err != nil || !found {
		t.Fatalf("%s has no routes: %v", obj.GetName(), err)
	}
	routes := make([]map[string]any, len(list))
	for i, r := range list {
		routes[i] = r.(map[string]any)
	}
	return routes
}

// theRoute is the only route of the only IngressRoute.
func theRoute(t *testing.T, in providers.Input) map[string]any {
	t.Helper()
	routes := ofKind(translate(t, in), "IngressRoute")
	if len(routes) != 1 || len(routesOf(t, routes[0])) != 1 {
		t.Fatalf("want one IngressRoute with one route, got %v", routes)
	}
	return routesOf(t, routes[0])[0]
}

func problems(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	plan, errs := New().Translate(in)
	if len(errs) > 0 && len(plan.Objects) > 0 {
		t.Errorf("a plan with errors holds objects: %v", plan.Objects)
	}
	return story.FailuresOf(t, errs)
}
