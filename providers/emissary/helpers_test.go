// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// input is the MeshIngress default/web of the class public with routes.
func input(routes ...providers.Route) providers.Input {
	return story.Input(providers.Class{Name: "public"}, emissary.New().Describe().Strategies[0], routes...)
}

// prefix is a Prefix route of a host to web-svc.
func prefix(host, path string) providers.Route { return story.Named(story.Prefix(host, path)) }

func exact(host, path string) providers.Route { return story.Named(story.Exact(host, path)) }

func to(host, path string, pathType v1alpha1.PathType, backends ...providers.Backend) providers.Route {
	return story.Named(story.Route(host, path, pathType, backends...))
}

// translate returns the specs of the planned objects of a kind, without what all have.
func translate(t *testing.T, kind string, in providers.Input) []map[string]any {
	t.Helper()
	var specs []map[string]any
	for _, obj := range story.Translate(t, emissary.New(), in).Objects {
		if obj.GetKind() == kind {
			specs = append(specs, obj.Object["spec"].(map[string]any))
		}
	}
	return specs
}

// mappings are the specs of the Mappings, each with the resolver and the rewrite.
func mappings(t *testing.T, in providers.Input) []map[string]any {
	t.Helper()
	specs := translate(t, "Mapping", in)
	for _, spec := range specs {
		story.Diff(t, "resolver", any("kubernetes-service"), spec["resolver"])
		story.Diff(t, "rewrite", any(""), spec["rewrite"])
		delete(spec, "resolver")
		delete(spec, "rewrite")
	}
	return specs
}

// reasons are those of the notices of an input.
func reasons(t *testing.T, in providers.Input) []string {
	t.Helper()
	return story.Reasons(story.Translate(t, emissary.New(), in).Notices)
}

// object parses an object of a kind of Emissary's.
func object(t *testing.T, kind, text string) *unstructured.Unstructured {
	t.Helper()
	obj := story.Object(t, text)
	obj.SetAPIVersion("getambassador.io/v3alpha1")
	obj.SetKind(kind)
	return obj
}

func mapping(t *testing.T, spec string) *unstructured.Unstructured {
	t.Helper()
	return object(t, "Mapping", "{metadata: {namespace: shop, name: web}, spec: "+spec+"}")
}

func host(t *testing.T, spec string) *unstructured.Unstructured {
	t.Helper()
	return object(t, "Host", "{metadata: {namespace: shop, name: all}, spec: "+spec+"}")
}

func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, emissary.New(), in)
}
