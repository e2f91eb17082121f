// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok_test

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
	"github.com/meshingress/meshingress/providers/ngrok"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// input is the MeshIngress emojivoto/web of the class with routes.
func input(routes ...providers.Route) providers.Input {
	class := providers.Class{Name: "public", IngressClassName: "ngrok"}
	in := story.Input(class, ngrok.New().Describe().Strategies[0], routes...)
	in.Namespace = "emojivoto"
	return in
}

// atGateway is the same of a class with gatewayRef, beside listeners of the Gateway.
func atGateway(listeners []string, routes ...providers.Route) providers.Input {
	in := input(routes...)
	in.Strategy = ngrok.New().Describe().Strategies[1]
	in.Class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "ngrok", Name: "public"}}
	gateway := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"gatewayClassName": "ngrok"}}}
	gateway.SetGroupVersionKind(gatewayapi.KindGateway.GroupVersionKind)
	gateway.SetNamespace("ngrok")
	gateway.SetName("public")
	var all []any
	for _, host := range listeners {
		l := map[string]any{
			"name": "for-" + host, "port": int64(443), "protocol": "HTTPS",
			"allowedRoutes": map[string]any{"namespaces": map[string]any{"from": "All"}},
		}
		if host != "" {
			l["hostname"] = host
		}
		all = append(all, l)
	}
	gateway.Object["spec"].(map[string]any)["listeners"] = all
	in.Objects = append(in.Objects, gateway)
	return in
}

func prefix(host, path string) providers.Route {
	return story.Prefix(host, path, backend("web-svc", 80))
}

func exact(host, path string) providers.Route { return story.Exact(host, path, backend("web-svc", 80)) }

func backend(service string, port int32) providers.Backend {
	b := story.Backend(service, port)
	b.Namespace = "emojivoto"
	return b
}

func translate(t *testing.T, in providers.Input) providers.Plan {
	t.Helper()
	return story.Translate(t, ngrok.New(), in)
}

// pathsOf are the paths of the one Ingress of a plan: "<host> <pathType> <path> <service>".
func pathsOf(t *testing.T, plan providers.Plan) []string {
	t.Helper()
	if len(plan.Objects) != 1 {
		t.Fatalf("got %d objects, want one Ingress", len(plan.Objects))
	}
	var all []string
	for _, r := range story.Typed[networkingv1.Ingress](t, plan.Objects[0]).Spec.Rules {
		for _, p := range r.HTTP.Paths {
			all = append(all, r.Host+" "+string(*p.PathType)+" "+p.Path+" "+p.Backend.Service.Name)
		}
	}
	return all
}

// failures are type and field of the errors of an input; each must say more.
func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, ngrok.New(), in)
}
