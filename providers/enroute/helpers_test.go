// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute_test

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/enroute"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// input is the MeshIngress default/web of the class public with routes.
func input(routes ...providers.Route) providers.Input {
	class := providers.Class{Name: "public", IngressClassName: "enroute-public"}
	return story.Input(class, enroute.New().Describe().Strategies[0], routes...)
}

// prefix is a Prefix route of a host to web-svc.
func prefix(host, path string) providers.Route { return story.Named(story.Prefix(host, path)) }

func to(host, path string, pathType v1alpha1.PathType, backends ...providers.Backend) providers.Route {
	return story.Named(story.Route(host, path, pathType, backends...))
}

// translate returns the specs of the planned GatewayHosts.
func translate(t *testing.T, in providers.Input) []map[string]any {
	t.Helper()
	var specs []map[string]any
	for _, obj := range story.Translate(t, enroute.New(), in).Objects {
		story.Diff(t, "class", "enroute-public", obj.GetAnnotations()["enroute.saaras.io/ingress.class"])
		specs = append(specs, obj.Object["spec"].(map[string]any))
	}
	return specs
}

// route is a route of a GatewayHost by prefix.
func route(prefix string, services ...any) map[string]any {
	return map[string]any{"conditions": []any{map[string]any{"prefix": prefix}}, "services": services}
}

func service(name string) map[string]any { return map[string]any{"name": name, "port": int64(80)} }

// reasons are those of the notices of an input.
func reasons(t *testing.T, in providers.Input) []string {
	t.Helper()
	return story.Reasons(story.Translate(t, enroute.New(), in).Notices)
}

// gatewayHost is shop/web with annotations and an fqdn.
func gatewayHost(t *testing.T, annotations, fqdn string) *unstructured.Unstructured {
	t.Helper()
	return story.Object(t, fmt.Sprintf(`{apiVersion: enroute.saaras.io/v1, kind: GatewayHost,
	  metadata: {namespace: shop, name: web, annotations: %s}, spec: {virtualhost: {fqdn: %q}, routes: []}}`, annotations, fqdn))
}

func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, enroute.New(), in)
}
