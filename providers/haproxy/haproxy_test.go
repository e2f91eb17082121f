// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxy_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/haproxy"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

var class = providers.Class{Name: "public", IngressClassName: "haproxy"}

func route(host, path string, b providers.Backend) providers.Route {
	return story.Prefix(host, path, b)
}

func input(routes ...providers.Route) providers.Input {
	return story.Input(class, haproxy.New().Describe().Strategies[0], routes...)
}

func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, haproxy.New(), in)
}

func TestEachServiceAndPortHasAnIngressWithItsDestination(t *testing.T) {
	plan, errs := haproxy.New().Translate(input(
		route("example.com", "/", story.Backend("web", 80)), route("example.com", "/admin", story.Backend("web", 8080)),
		route("example.org", "/", story.Backend("web", 80)),
	))
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	got := map[string][]string{}
	for _, obj := range plan.Objects {
		ing, _ := ingresses.Decode(obj)
		for _, rule := range ing.Spec.Rules {
			for _, path := range rule.HTTP.Paths {
				key := ing.Annotations["haproxy.org/request-set-header"]
				got[key] = append(got[key], rule.Host+path.Path)
			}
		}
	}
	want := map[string][]string{
		"l5d-dst-override web.default.svc.cluster.local:80":   {"example.com/", "example.org/"},
		"l5d-dst-override web.default.svc.cluster.local:8080": {"example.com/admin"},
	}
	story.Diff(t, "paths by header", want, got)
}

func TestTheDefaultBackendWouldBeARelay(t *testing.T) {
	if haproxy.New().Describe().Strategies[0].Supports(providers.FeatureDefaultBackend) {
		t.Error("a default backend is offered, to which request-set-header does not apply")
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	cases := map[string]struct {
		paths []string
		want  []story.Failure
	}{
		"two slashes":              {[]string{"/a//b"}, []story.Failure{story.Invalid("spec.rules[0].paths[0].path")}},
		"dots":                     {[]string{"/a/../b"}, []story.Failure{story.Invalid("spec.rules[0].paths[0].path")}},
		"an encoded slash":         {[]string{"/a%2Fb"}, []story.Failure{story.Invalid("spec.rules[0].paths[0].path")}},
		"with and without a slash": {[]string{"/a", "/a/"}, []story.Failure{story.Duplicate("spec.rules[0].paths[0].path")}},
		"every other character":    {[]string{"/a-b_c~d!e$f&(g)*h+i,j;k=l:m@n%41"}, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := input()
			for _, path := range tc.paths {
				in.Routes = append(in.Routes, route("example.com", path, story.Backend("web", 80)))
			}
			story.Diff(t, "errors", tc.want, failures(t, in))
		})
	}
}

func TestAnnotationsOfAServiceThatWin(t *testing.T) {
	at := "spec.rules[0].paths[0].backends[0].service.name"
	cases := map[string]struct {
		annotation string
		h2c        bool
		refused    bool
	}{
		"a route of its own":              {annotation: "haproxy.org/route-acl: path_reg x", refused: true},
		"under another prefix":            {annotation: "haproxy.com/route-acl: path_reg x", refused: true},
		"under no prefix":                 {annotation: "route-acl: path_reg x", refused: true},
		"TLS to the pod":                  {annotation: `haproxy.org/server-ssl: "true"`, refused: true},
		"no TLS to the pod":               {annotation: `haproxy.org/server-ssl: "false"`},
		"the PROXY protocol":              {annotation: "haproxy.org/send-proxy-protocol: proxy-v2", refused: true},
		"HTTP/1.1 against appProtocol":    {annotation: "haproxy.org/server-proto: h1", h2c: true, refused: true},
		"HTTP/2 as appProtocol":           {annotation: "haproxy.org/server-proto: h2", h2c: true},
		"a CA for TLS to the pod":         {annotation: "haproxy.org/server-ca: team/ca", refused: true},
		"a certificate for it":            {annotation: "haproxy.org/server-crt: team/crt", refused: true},
		"a snippet":                       {annotation: "haproxy.org/backend-config-snippet: x", refused: true},
		"a Backend without HTTP/2":        {annotation: "haproxy.org/cr-backend: team/web", refused: true},
		"a Backend in place of HTTP/2":    {annotation: "haproxy.org/cr-backend: team/web", h2c: true, refused: true},
		"what has nothing to do with us":  {annotation: "haproxy.org/timeout-server: 1s"},
		"a name that only ends like ours": {annotation: "example.com/my-route-acl: x"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := story.Backend("web", 80)
			b.H2C = tc.h2c
			in := input(route("example.com", "/", b))
			in.Objects = []*unstructured.Unstructured{story.Object(t, `
apiVersion: v1
kind: Service
metadata: {namespace: default, name: other, annotations: {haproxy.org/route-acl: x}}`), story.Object(t, `
apiVersion: v1
kind: Service
metadata:
  namespace: default
  name: web
  annotations:
    `+tc.annotation)}
			var want []story.Failure
			if tc.refused {
				want = []story.Failure{story.Invalid(at)}
			}
			story.Diff(t, "errors", want, failures(t, in))
		})
	}
}

func TestTheClassIsToldWhereItsAnnotationIsNotRead(t *testing.T) {
	for field, want := range map[v1alpha1.ClassField][]string{
		v1alpha1.ClassFieldSpec:       nil,
		v1alpha1.ClassFieldAnnotation: {haproxy.ReasonClassAnnotation},
	} {
		t.Run(string(field), func(t *testing.T) {
			c := class
			c.Spec.HAProxy = &v1alpha1.HAProxyOptions{ClassField: field}
			plan, errs := haproxy.New().TranslateClass(providers.ClassInput{Class: c})
			if len(errs) > 0 {
				t.Fatal(errs.ToAggregate())
			}
			var got []string
			for _, n := range plan.Notices {
				got = append(got, n.Reason)
			}
			story.Diff(t, "notices", want, got)
		})
	}
}

func TestDataPlaneIsTheControllerAlone(t *testing.T) {
	workloads := map[string]struct {
		labels map[string]string
		found  bool
	}{
		"the chart's":                {map[string]string{"app.kubernetes.io/name": "kubernetes-ingress"}, true},
		"the manifest's":             {map[string]string{"run": "haproxy-ingress"}, true},
		"the chart's proxy for sync": {map[string]string{"app.kubernetes.io/name": "haproxy-kubernetes-ingress-proxy"}, false},
		"the community's":            {map[string]string{"app.kubernetes.io/name": "haproxy-ingress"}, false},
	}
	for name, tc := range workloads {
		t.Run(name, func(t *testing.T) {
			found := slices.ContainsFunc(haproxy.New().Describe().DataPlane.Workloads, func(s providers.WorkloadSelector) bool {
				for key, value := range s.Labels {
					if tc.labels[key] != value {
						return false
					}
				}
				return true
			})
			if found != tc.found {
				t.Errorf("found = %t", found)
			}
		})
	}
}
