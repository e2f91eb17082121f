// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/names"
)

var (
	web    = providers.Backend{Namespace: "shop", Service: "web", Port: 80}
	admin  = providers.Backend{Namespace: "shop", Service: "web", Port: 8080}
	api    = providers.Backend{Namespace: "shop", Service: "api", Port: 80}
	voting = providers.Backend{Namespace: "shop", Service: "voting", Port: 80, H2C: true}
)

// input is a MeshIngress web of class edge.
func input(routes ...providers.Route) providers.Input {
	return providers.Input{
		Name: "web", Namespace: "shop", Class: providers.Class{Name: "edge", IngressClassName: "nginx"}, Routes: routes,
		Labels: map[string]string{"team": "web"}, Annotations: map[string]string{"a": "user", "b": "user"},
	}
}

func withDefault(b providers.Backend, in providers.Input) providers.Input {
	in.Default = &b
	return in
}

func prefix(host, path string, b providers.Backend) providers.Route {
	return providers.Route{
		Host: host, Path: path, PathType: v1alpha1.PathTypePrefix, Backends: []providers.Backend{b},
		Field: field.NewPath("spec", "rules").Index(0).Child("paths").Index(0),
	}
}

// build returns the Ingresses, each as "<parts of its name>: <routes>".
func build(t *testing.T, in providers.Input, style ingresses.Style) []string {
	t.Helper()
	var out []string
	for _, obj := range ingresses.Build(in, style) {
		ing := decode(t, obj)
		lines := []string{obj.GetName() + ":"}
		for _, rule := range ing.Spec.Rules {
			for _, p := range rule.HTTP.Paths {
				lines = append(lines, fmt.Sprintf("%s%s>%s", rule.Host, p.Path, text(p.Backend)))
			}
		}
		if b := ing.Spec.DefaultBackend; b != nil {
			lines = append(lines, "*>"+text(*b))
		}
		out = append(out, strings.Join(lines, " "))
	}
	return out
}

func text(b networkingv1.IngressBackend) string {
	return fmt.Sprintf("%s:%d", b.Service.Name, b.Service.Port.Number)
}

func decode(t *testing.T, obj *unstructured.Unstructured) *networkingv1.Ingress {
	t.Helper()
	ing, ok := ingresses.Decode(obj)
	if !ok {
		t.Fatalf("%v is no Ingress", obj)
	}
	return ing
}

func TestBuildSplitsRoutes(t *testing.T) {
	name := func(parts ...string) string { return names.Of(input(), parts...) }
	shared, perBackend := ingresses.Style{}, ingresses.Style{PerBackend: true}
	mixed := input(prefix("a.io", "/", web), prefix("b.io", "/", api), prefix("a.io", "/api", api))
	grpc := input(prefix("a.io", "/v", voting), prefix("a.io", "/", web))
	byPath := func(r providers.Route) string { return strings.Trim(r.Path, "/") }
	for what, tc := range map[string]struct {
		in    providers.Input
		style ingresses.Style
		want  []string
	}{
		"one for all": {mixed, shared, []string{name() + ": a.io/>web:80 a.io/api>api:80 b.io/>api:80"}},
		"one for each Service": {mixed, perBackend, []string{
			name("shop", "web", "80") + ": a.io/>web:80", name("shop", "api", "80") + ": b.io/>api:80 a.io/api>api:80",
		}},
		"and for each port": {input(prefix("a.io", "/", web), prefix("a.io", "/admin", admin)), perBackend, []string{
			name("shop", "web", "80") + ": a.io/>web:80", name("shop", "web", "8080") + ": a.io/admin>web:8080",
		}},
		"HTTP/2 apart, whatever comes first": {grpc, shared, []string{
			name("grpc") + ": a.io/v>voting:80", name() + ": a.io/>web:80",
		}},
		"HTTP/2 together, where the vendor can": {grpc, ingresses.Style{Mixed: true}, []string{
			name() + ": a.io/v>voting:80 a.io/>web:80",
		}},
		"a default backend apart": {withDefault(web, input(prefix("a.io", "/", web))), shared, []string{
			name() + ": a.io/>web:80", name("default") + ": *>web:80",
		}},
		"a default backend with its rules": {
			withDefault(web, mixed), ingresses.Style{PerBackend: true, DefaultWithRules: true}, []string{
				name("shop", "web", "80") + ": a.io/>web:80 *>web:80", name("shop", "api", "80") + ": b.io/>api:80 a.io/api>api:80",
			},
		},
		"a default backend that no rule has": {
			withDefault(web, input(prefix("a.io", "/", api))), ingresses.Style{PerBackend: true, DefaultWithRules: true}, []string{
				name("shop", "api", "80") + ": a.io/>api:80", name("shop", "web", "80", "default") + ": *>web:80",
			},
		},
		"a default backend alone": {withDefault(web, input()), shared, []string{name("default") + ": *>web:80"}},
		"by part": {mixed, ingresses.Style{Part: byPath}, []string{
			name() + ": a.io/>web:80 b.io/>api:80", name("api") + ": a.io/api>api:80",
		}},
		"nothing": {input(), shared, nil},
	} {
		t.Run(what, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, build(t, tc.in, tc.style)); diff != "" {
				t.Errorf("Ingresses (-want +got):\n%s", diff)
			}
		})
	}
}

// An Ingress keeps its name when routes to other backends come and go, so that no
// route is down meanwhile.
func TestNamesDependOnWhatAnIngressHolds(t *testing.T) {
	all := []providers.Route{prefix("a.io", "/v", voting), prefix("a.io", "/", web), prefix("a.io", "/admin", admin)}
	for what, style := range map[string]ingresses.Style{"shared": {}, "per backend": {PerBackend: true}} {
		holds := map[string]string{}
		for i := range all {
			in := input(all[i:]...)
			for _, obj := range ingresses.Build(in, style) {
				ing := decode(t, obj)
				last := ing.Spec.Rules[0].HTTP.Paths[len(ing.Spec.Rules[0].HTTP.Paths)-1]
				key := obj.GetName()
				if other, seen := holds[key]; seen && other != last.Path {
					t.Errorf("%s: %s holds %s, and %s without the first %d routes", what, key, other, last.Path, i)
				}
				holds[key] = last.Path
			}
		}
		if len(holds) < 2 {
			t.Errorf("%s: only %v was made", what, holds)
		}
	}
}

func TestBuildMetadata(t *testing.T) {
	style := ingresses.Style{
		PerBackend:      true,
		Annotations:     func(b providers.Backend) map[string]string { return map[string]string{"a": b.Service} },
		Part:            func(providers.Route) string { return "part" },
		PartAnnotations: func(part string) map[string]string { return map[string]string{"of": part} },
	}
	classed := style
	classed.ClassAnnotation = "kubernetes.io/ingress.class"
	for what, tc := range map[string]struct {
		style       ingresses.Style
		annotations map[string]string
		class       string
	}{
		"the class as a field": {style, map[string]string{"a": "web", "b": "user", "of": "part"}, "nginx"},
		"the class as an annotation": {
			classed, map[string]string{"a": "web", "b": "user", "of": "part", "kubernetes.io/ingress.class": "nginx"}, "",
		},
		"nothing of the vendor's": {ingresses.Style{}, map[string]string{"a": "user", "b": "user"}, "nginx"},
	} {
		t.Run(what, func(t *testing.T) {
			in := input(prefix("a.io", "/", web))
			obj := ingresses.Build(in, tc.style)[0]
			if diff := cmp.Diff(tc.annotations, obj.GetAnnotations()); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]string{"team": "web"}, obj.GetLabels()); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			class, _, _ := unstructured.NestedString(obj.Object, "spec", "ingressClassName")
			if class != tc.class || obj.GetNamespace() != "shop" {
				t.Errorf("got class %q in %s, want %q", class, obj.GetNamespace(), tc.class)
			}
			obj.SetLabels(map[string]string{})
			if want := input(prefix("a.io", "/", web)); !reflect.DeepEqual(want, in) {
				t.Errorf("the input has changed from %v to %v", want, in)
			}
		})
	}
}

// Each Ingress has the certificates of its hosts, and none is lost.
func TestBuildTLS(t *testing.T) {
	in := input(prefix("a.io", "/", web), prefix("b.io", "/", api), prefix("x.c.io", "/", api))
	in.TLS = []v1alpha1.TLS{
		{SecretName: "a", Hosts: []string{"a.io"}},
		{SecretName: "b", Hosts: []string{"other.io", "b.io"}},
		{SecretName: "wildcard", Hosts: []string{"*.c.io"}},
		{SecretName: "unused", Hosts: []string{"unused.io"}},
		{SecretName: "every"},
	}
	got := map[string][]string{}
	for _, obj := range ingresses.Build(in, ingresses.Style{PerBackend: true}) {
		ing := decode(t, obj)
		for _, tls := range ing.Spec.TLS {
			service := ing.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name
			got[service] = append(got[service], tls.SecretName)
		}
	}
	want := map[string][]string{"web": {"a", "unused", "every"}, "api": {"b", "wildcard", "every"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Secrets (-want +got):\n%s", diff)
	}
}

func TestARouteForEveryHostHasEveryCertificate(t *testing.T) {
	in := input(prefix("a.io", "/", web), prefix("", "/", api))
	in.TLS = []v1alpha1.TLS{{SecretName: "a", Hosts: []string{"a.io"}}, {SecretName: "b", Hosts: []string{"b.io"}}}
	all := ingresses.Build(in, ingresses.Style{PerBackend: true})
	if got := len(decode(t, all[1]).Spec.TLS); got != 2 {
		t.Errorf("the Ingress of every host has %d certificates, want both", got)
	}
}

func TestRulesKeepTheOrderOfHostsAndPaths(t *testing.T) {
	exact := prefix("a.io", "/b", api)
	exact.PathType = v1alpha1.PathTypeExact
	rules := ingresses.Rules([]providers.Route{
		prefix("b.io", "/", web), prefix("a.io", "/z", web), prefix("b.io", "/a", web), exact,
	})
	var got []string
	for _, rule := range rules {
		for _, p := range rule.HTTP.Paths {
			got = append(got, fmt.Sprintf("%s%s %s", rule.Host, p.Path, *p.PathType))
		}
	}
	if diff := cmp.Diff([]string{"b.io/ Prefix", "b.io/a Prefix", "a.io/z Prefix", "a.io/b Exact"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCoversHost(t *testing.T) {
	for _, tc := range []struct {
		name, host string
		want       bool
	}{
		{"a.io", "a.io", true},
		{"*.a.io", "b.a.io", true},
		{"*.a.io", "*.a.io", true},
		{"*.a.io", "a.io", false},
		{"*.a.io", "c.b.a.io", false},
		{"a.io", "b.a.io", false},
		{"a.io", "*.a.io", false},
	} {
		if got := ingresses.CoversHost(tc.name, tc.host); got != tc.want {
			t.Errorf("a certificate for %s covers %s: %v", tc.name, tc.host, got)
		}
	}
}
