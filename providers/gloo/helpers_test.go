// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gloo"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// classWith is the class gloo with a header; empty is the default.
func classWith(header v1alpha1.GlooHeader) providers.Class {
	class := providers.Class{Name: "gloo", IngressClassName: "gloo"}
	if header != "" {
		class.Spec.Gloo = &v1alpha1.GlooOptions{Header: header}
	}
	return class
}

// headers are all values of spec.gloo.header.
func headers() []v1alpha1.GlooHeader {
	return []v1alpha1.GlooHeader{v1alpha1.GlooSettings, v1alpha1.GlooHeaderManipulation, v1alpha1.GlooTransformation}
}

// input is the MeshIngress default/web of a class with routes.
func input(header v1alpha1.GlooHeader, routes ...providers.Route) providers.Input {
	return story.Input(classWith(header), providers.StrategySupport{}, routes...)
}

func backend(service string) providers.Backend { return story.Backend(service, 80) }

// translate returns the plan of an input that has no errors.
func translate(t *testing.T, in providers.Input) providers.Plan {
	t.Helper()
	return story.Translate(t, gloo.New(), in)
}

// hosts returns the VirtualServices of a plan by their only domain.
func hosts(t *testing.T, plan providers.Plan) map[string]*unstructured.Unstructured {
	t.Helper()
	byDomain := map[string]*unstructured.Unstructured{}
	for _, obj := range plan.Objects {
		domains, _, err := unstructured.NestedStringSlice(obj.Object, "spec", "virtualHost", "domains")
		if err != nil || len(domains) != 1 {
			t.Fatalf("%s has the domains %v: %v", obj.GetName(), domains, err)
		}
		byDomain[domains[0]] = obj
	}
	return byDomain
}

// routesOf returns the routes of a VirtualService.
func routesOf(t *testing.T, vs *unstructured.Unstructured) []any {
	t.Helper()
	routes, _, err := unstructured.NestedSlice(vs.Object, "spec", "virtualHost", "routes")
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, gloo.New(), in)
}
