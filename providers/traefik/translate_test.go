// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"encoding/json"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// The example of the Linkerd documentation, as JSON: nothing else may be there,
// no empty field above all.
func TestHeaderRoutingWritesTheDocumentedObjects(t *testing.T) {
	in := input(headerContainous, prefix("", "/", service("web-svc", 80)))
	got, err := json.Marshal(translate(t, in))
	if err != nil {
		t.Fatalf("encoding: %v", err)
	}
	var objects []any
	if err := json.Unmarshal(got, &objects); err != nil {
		t.Fatalf("decoding: %v", err)
	}
	middleware := names.Of(in, "web-svc", "80")
	story.Diff[any](t, "objects", []any{
		map[string]any{
			"apiVersion": "traefik.containo.us/v1alpha1", "kind": "Middleware",
			"metadata": map[string]any{"namespace": "shop", "name": middleware},
			"spec": map[string]any{"headers": map[string]any{"customRequestHeaders": map[string]any{
				"l5d-dst-override": "web-svc.shop.svc.cluster.local:80",
			}}},
		},
		map[string]any{
			"apiVersion": "traefik.containo.us/v1alpha1", "kind": "IngressRoute",
			"metadata": map[string]any{
				"namespace": "shop", "name": names.Of(in),
				"annotations": map[string]any{"kubernetes.io/ingress.class": "traefik"},
			},
			"spec": map[string]any{"routes": []any{map[string]any{
				"kind": "Rule", "match": "PathPrefix(`/`)", "priority": float64(-19999),
				"middlewares": []any{map[string]any{"name": middleware}},
				"services":    []any{map[string]any{"kind": "Service", "name": "web-svc", "port": float64(80)}},
			}}},
		},
	}, objects)
}

func TestClusterIPRoutingNeedsNoMiddleware(t *testing.T) {
	in := input(nativeLB, prefix("a.io", "/"))
	story.Diff[any](t, "route", map[string]any{
		"kind": "Rule", "match": "Host(`a.io`) && PathPrefix(`/`)", "priority": int64(31),
		"services": []any{map[string]any{"kind": "Service", "name": "front", "port": int64(80), "nativeLB": true}},
	}, theRoute(t, in))
	story.Diff[any](t, "Middlewares", 0, len(ofKind(translate(t, in), "Middleware")))
}

func TestWeights(t *testing.T) {
	backends := func(weights ...int32) []providers.Backend {
		var out []providers.Backend
		for i, w := range weights {
			b := service([]string{"front", "canary", "old"}[i], 80)
			b.Weight = w
			out = append(out, b)
		}
		return out
	}
	ref := func(name string, more map[string]any) map[string]any {
		m := map[string]any{"kind": "Service", "name": name, "port": int64(80), "nativeLB": true}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	for name, c := range map[string]struct {
		weights []int32
		want    []any
	}{
		"one needs none": {[]int32{7}, []any{ref("front", nil)}},
		"shares": {[]int32{90, 10}, []any{
			ref("front", map[string]any{"weight": int64(90)}),
			ref("canary", map[string]any{"weight": int64(10)}),
		}},
		"0 is left out": {[]int32{90, 0}, []any{ref("front", nil)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := theRoute(t, input(nativeLB, prefix("", "/", backends(c.weights...)...)))
			story.Diff[any](t, "services", c.want, got["services"].([]any))
		})
	}
	t.Run("header routing takes one Service", func(t *testing.T) {
		got := problems(t, input(headerIO, prefix("", "/", backends(90, 10)...)))
		story.Diff[any](t, "errors", []story.Failure{story.Forbidden("spec.rules[0].paths[0].backends")}, got)
	})
	t.Run("header routing ignores what has no weight", func(t *testing.T) {
		got := theRoute(t, input(headerIO, prefix("", "/", backends(90, 0)...)))
		story.Diff[any](t, "number of services", 1, len(got["services"].([]any)))
	})
}

func TestHeaderRoutingSharesMiddlewares(t *testing.T) {
	in := input(headerIO,
		prefix("a.io", "/", service("front", 80)), prefix("a.io", "/api", service("api", 8080)),
		prefix("b.io", "/", service("front", 80)), prefix("b.io", "/admin", service("front", 8081)))
	d := service("front", 80)
	in.Default = &d
	destinations := map[string]string{}
	for _, m := range ofKind(translate(t, in), "Middleware") {
		headers := m.Object["spec"].(map[string]any)["headers"].(map[string]any)
		destinations[m.GetName()] = headers["customRequestHeaders"].(map[string]any)[linkerd.OverrideHeader].(string)
	}
	story.Diff[any](t, "number of Middlewares", 3, len(destinations))
	want := []string{
		"front.shop.svc.cluster.local:80", "api.shop.svc.cluster.local:8080", "front.shop.svc.cluster.local:80",
		"front.shop.svc.cluster.local:8081", "front.shop.svc.cluster.local:80",
	}
	var got []string
	for _, r := range routesOf(t, ofKind(translate(t, in), "IngressRoute")[0]) {
		refs := r["middlewares"].([]any)
		got = append(got, destinations[refs[len(refs)-1].(map[string]any)["name"].(string)])
	}
	story.Diff[any](t, "destinations of the routes", want, got)
}

func TestDefaultBackendIsTheLastRoute(t *testing.T) {
	in := input(nativeLB, prefix("a.io", "/"))
	d := service("fallback", 80)
	in.Default = &d
	routes := routesOf(t, ofKind(translate(t, in), "IngressRoute")[0])
	last := routes[len(routes)-1]
	story.Diff[any](t, "rule", "PathPrefix(`/`)", last["match"])
	story.Diff[any](t, "priority", int64(defaultPriority), last["priority"])
}

// A rule for everything leaves nothing to the default backend. Their rules would be
// the same text, by which Traefik names a route: the one would replace the other.
func TestRuleForEverythingLeavesNothingToTheDefaultBackend(t *testing.T) {
	in := input(nativeLB, prefix("", "/"))
	d := service("fallback", 80)
	in.Default = &d
	services := theRoute(t, in)["services"].([]any)
	story.Diff[any](t, "Service", "front", services[0].(map[string]any)["name"])
}

func TestH2C(t *testing.T) {
	for way := range New().Describe().Strategies {
		b := service("grpc", 8080)
		b.H2C = true
		services := theRoute(t, input(way, prefix("", "/", b)))["services"].([]any)
		story.Diff[any](t, "scheme", "h2c", services[0].(map[string]any)["scheme"])
	}
}

func TestOtherNamespaceIsRefused(t *testing.T) {
	b := service("front", 80)
	b.Namespace = "other"
	byDefault := input(headerIO)
	byDefault.Default = &b
	for name, in := range map[string]providers.Input{
		"rule": input(nativeLB, prefix("", "/", b)), "default": byDefault,
	} {
		t.Run(name, func(t *testing.T) {
			story.Diff[any](t, "errors", []story.Failure{story.Forbidden("spec.service.namespace")}, problems(t, in))
		})
	}
}

func TestTemplate(t *testing.T) {
	in := input(headerIO, prefix("a.io", "/"))
	in.Class.IngressClassName = "public"
	in.Class.Spec.Traefik = &v1alpha1.TraefikOptions{EntryPoints: []string{"web", "websecure"}}
	in.Labels = map[string]string{"team": "web"}
	in.Annotations = map[string]string{"note": "ours"}
	objects := translate(t, in)
	ir := ofKind(objects, "IngressRoute")[0]
	story.Diff[any](t, "labels", map[string]string{"team": "web"}, ir.GetLabels())
	story.Diff[any](t, "annotations", map[string]string{"note": "ours", "kubernetes.io/ingress.class": "public"}, ir.GetAnnotations())
	story.Diff[any](t, "entry points", []any{"web", "websecure"}, ir.Object["spec"].(map[string]any)["entryPoints"].([]any))
	story.Diff[any](t, "annotations of the input", map[string]string{"note": "ours"}, in.Annotations)
	if got := ofKind(objects, "Middleware")[0].GetLabels(); got != nil {
		t.Errorf("the Middleware has labels %v", got)
	}
	t.Run("the class is not the template's", func(t *testing.T) {
		in.Annotations = map[string]string{"kubernetes.io/ingress.class": "other"}
		story.Diff[any](t, "errors", []story.Failure{
			story.Forbidden("spec.template.annotations[kubernetes.io/ingress.class]"),
		}, problems(t, in))
	})
}
