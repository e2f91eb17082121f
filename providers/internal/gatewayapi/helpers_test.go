// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

var class = providers.Class{Name: "public", Spec: v1alpha1.MeshIngressClassSpec{
	GatewayRef: &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "edge"}},
}}

// input is the MeshIngress default/web with header routing, at a Gateway that takes
// all routes.
func input(t *testing.T, routes ...providers.Route) providers.Input {
	t.Helper()
	for i := range routes {
		routes[i].Field = field.NewPath("spec", "rules").Index(i).Child("paths").Index(0)
	}
	return providers.Input{
		Name: "web", Namespace: "default", Class: class,
		Strategy:      providers.StrategySupport{Strategy: v1alpha1.StrategyHeader},
		ClusterDomain: "cluster.local",
		Served: providers.Served{
			KindHTTPRoute: true, KindGRPCRoute: true, KindGateway: true, KindGatewayClass: true,
		},
		Routes: routes,
		Objects: []*unstructured.Unstructured{
			gateway(t, "listeners: [{name: http, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: All}}}]"),
		},
	}
}

func prefix(host, path string, backends ...providers.Backend) providers.Route {
	return providers.Route{Host: host, Path: path, PathType: v1alpha1.PathTypePrefix, Backends: backends}
}

func exact(host, path string, backends ...providers.Backend) providers.Route {
	return providers.Route{Host: host, Path: path, PathType: v1alpha1.PathTypeExact, Backends: backends}
}

func backend(service string) providers.Backend {
	return providers.Backend{Namespace: "default", Service: service, Port: 80, Weight: 1}
}

func h2c(service string) providers.Backend {
	b := backend(service)
	b.H2C = true
	return b
}

// gateway is infra/edge of the class "any" with a spec.
func gateway(t *testing.T, spec string) *unstructured.Unstructured {
	t.Helper()
	return object(t, KindGateway, "infra", "edge", "spec: {gatewayClassName: any, "+spec+"}")
}

// supports is the GatewayClass "any" that lists features.
func supports(t *testing.T, features string) *unstructured.Unstructured {
	t.Helper()
	return object(t, KindGatewayClass, "", "any", fmt.Sprintf("status: {supportedFeatures: [%s]}", features))
}

func object(t *testing.T, k providers.Kind, namespace, name, content string) *unstructured.Unstructured {
	t.Helper()
	obj := story.Object(t, content)
	obj.SetGroupVersionKind(k.GroupVersionKind)
	obj.SetNamespace(namespace)
	obj.SetName(name)
	return obj
}

// httpRoutes are those that an input without errors makes.
func httpRoutes(t *testing.T, in providers.Input) []*gatewayv1.HTTPRoute {
	t.Helper()
	plan, errs := Build(in, Style{GRPC: true})
	if len(errs) > 0 {
		t.Fatalf("Build: %v", errs.ToAggregate())
	}
	var all []*gatewayv1.HTTPRoute
	for _, obj := range plan.Objects {
		route, ok := objects.Decode[gatewayv1.HTTPRoute](obj)
		if !ok || !objects.Is(obj, KindHTTPRoute) {
			t.Fatalf("the plan holds no HTTPRoute: %v", obj)
		}
		all = append(all, route)
	}
	return all
}

// kinds are those of what an input without errors makes.
func kinds(t *testing.T, in providers.Input, style Style) []string {
	t.Helper()
	plan, errs := Build(in, style)
	if len(errs) > 0 {
		t.Fatalf("Build: %v", errs.ToAggregate())
	}
	var all []string
	for _, obj := range plan.Objects {
		all = append(all, obj.GetKind())
	}
	return all
}

// failures are the errors of an input, as "<field> <type>"; each must have a remedy.
func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	_, errs := Build(in, Style{GRPC: true})
	return story.FailuresOf(t, errs)
}

func reasons(t *testing.T, in providers.Input, style Style) []string {
	t.Helper()
	plan, _ := Build(in, style)
	return story.Reasons(plan.Notices)
}
