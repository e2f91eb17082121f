// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress_test

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/haproxyingress"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

var class = providers.Class{Name: "public", IngressClassName: "haproxy"}

func input(strategy v1alpha1.Strategy, routes ...providers.Route) providers.Input {
	return story.Input(class, story.Way(haproxyingress.New(), strategy, ""), routes...)
}

// web is an input whose only route goes to port 80 of the Service web.
func web(strategy v1alpha1.Strategy) providers.Input {
	return input(strategy, story.Route("example.com", "/", v1alpha1.PathTypePrefix, story.Backend("web", 80)))
}

// service is the Service web with annotations and ports in YAML.
func service(t *testing.T, annotations, ports string) *unstructured.Unstructured {
	t.Helper()
	return story.Object(t, `
apiVersion: v1
kind: Service
metadata: {namespace: default, name: web, annotations: {`+annotations+`}}
spec: {ports: [`+ports+`]}`)
}

func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	return story.Failures(t, haproxyingress.New(), in)
}

func TestAutoIsClusterIPAndHeaderMustBeAskedFor(t *testing.T) {
	for routing, want := range map[v1alpha1.Routing]v1alpha1.Strategy{
		v1alpha1.RoutingAuto:      v1alpha1.StrategyClusterIP,
		v1alpha1.RoutingClusterIP: v1alpha1.StrategyClusterIP,
		v1alpha1.RoutingHeader:    v1alpha1.StrategyHeader,
	} {
		s, err := providers.ChooseStrategy(haproxyingress.New().Describe(), providers.Wish{Routing: routing}, nil)
		if err != nil || s.Strategy != want {
			t.Errorf("%s: %s, %v", routing, s.Strategy, err)
		}
	}
}

func TestPathsOfAWildcardHost(t *testing.T) {
	type path struct {
		Path string
		Type networkingv1.PathType
	}
	prefix, exact := v1alpha1.PathTypePrefix, v1alpha1.PathTypeExact
	b := story.Backend("web", 80)
	cases := map[string]struct {
		routes []providers.Route
		want   []path
	}{
		"the root stays":   {[]providers.Route{story.Route("*.example.com", "/", prefix, b)}, []path{{"/", "Prefix"}}},
		"Exact stays":      {[]providers.Route{story.Route("*.example.com", "/a", exact, b)}, []path{{"/a", "Exact"}}},
		"Prefix is two":    {[]providers.Route{story.Route("*.example.com", "/a", prefix, b)}, []path{{"/a", "Exact"}, {"/a/", "Prefix"}}},
		"with a slash too": {[]providers.Route{story.Route("*.example.com", "/a/", prefix, b)}, []path{{"/a", "Exact"}, {"/a/", "Prefix"}}},
		"but for an Exact of the user's own": {
			[]providers.Route{story.Route("*.example.com", "/a", prefix, b), story.Route("*.example.com", "/a", exact, b)},
			[]path{{"/a/", "Prefix"}, {"/a", "Exact"}},
		},
		"another host keeps its own": {[]providers.Route{story.Route("example.com", "/a", prefix, b)}, []path{{"/a", "Prefix"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan, errs := haproxyingress.New().Translate(input(v1alpha1.StrategyClusterIP, tc.routes...))
			if len(errs) > 0 {
				t.Fatal(errs.ToAggregate())
			}
			ing, _ := ingresses.Decode(plan.Objects[0])
			var got []path
			for _, p := range ing.Spec.Rules[0].HTTP.Paths {
				got = append(got, path{p.Path, *p.PathType})
			}
			story.Diff(t, "paths", tc.want, got)
		})
	}
}

func TestQuestionsThatAreRefused(t *testing.T) {
	at := field.NewPath("spec", "externalAuth", "service")
	cases := map[string]struct {
		path string
		h2c  bool
		want []story.Failure
	}{
		"a plain path":                   {"/v1", false, nil},
		"HTTP/2 only":                    {"/", true, []story.Failure{story.Invalid("spec.externalAuth.service.port")}},
		"a path that ends the directive": {"/a b", false, []story.Failure{story.Invalid("spec.externalAuth.service")}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := web(v1alpha1.StrategyClusterIP)
			in.Auth = &providers.Auth{Path: tc.path, Backend: providers.Backend{
				Namespace: "auth", Service: "authn", Port: 80, H2C: tc.h2c, Field: at,
			}}
			story.Diff(t, "errors", tc.want, failures(t, in))
		})
	}
}

func TestPortsThatTheControllerTakesForOthers(t *testing.T) {
	cases := map[string]struct {
		ports string
		port  int32
		want  []story.Failure
	}{
		"the only port":              {"{port: 80, targetPort: 8080}", 80, nil},
		"without targetPort":         {"{port: 80}", 80, nil},
		"another one's targetPort":   {"{port: 80, targetPort: 8080}, {port: 8080, targetPort: 9090}", 8080, portFailure()},
		"its own targetPort as well": {"{port: 8080, targetPort: 8080}, {port: 80, targetPort: 8080}", 8080, nil},
		"another one's name": {
			`{name: "8080", port: 80, targetPort: http}, {name: b, port: 8080, targetPort: 9090}`, 8080, portFailure(),
		},
		"a named targetPort is no number": {
			"{name: a, port: 80, targetPort: http}, {name: b, port: 8080, targetPort: admin}", 8080, nil,
		},
		"a port that the Service lacks": {"{port: 81, targetPort: 8081}", 80, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := input(v1alpha1.StrategyClusterIP, story.Route("example.com", "/", v1alpha1.PathTypePrefix, story.Backend("web", tc.port)))
			in.Objects = []*unstructured.Unstructured{service(t, "", tc.ports)}
			story.Diff(t, "errors", tc.want, failures(t, in))
		})
	}
}

func portFailure() []story.Failure {
	return []story.Failure{story.Invalid("spec.rules[0].paths[0].backends[0].service.port")}
}

func TestAnnotationsOfAServiceThatWin(t *testing.T) {
	const clusterIP, header = v1alpha1.StrategyClusterIP, v1alpha1.StrategyHeader
	const own = "haproxy-ingress.github.io/"
	cases := map[string]struct {
		strategy   v1alpha1.Strategy
		annotation string
		h2c        bool
		refused    bool
	}{
		"service-upstream off":            {strategy: clusterIP, annotation: own + `service-upstream: "false"`, refused: true},
		"service-upstream on":             {strategy: clusterIP, annotation: own + `service-upstream: "true"`},
		"off under the other prefix":      {strategy: clusterIP, annotation: `ingress.kubernetes.io/service-upstream: "0"`, refused: true},
		"off, in header routing":          {strategy: header, annotation: own + `service-upstream: "false"`},
		"headers, in header routing":      {strategy: header, annotation: own + `headers: "x-team: a"`, refused: true},
		"headers, otherwise":              {strategy: clusterIP, annotation: own + `headers: "x-team: a"`},
		"headers of v0.17":                {strategy: header, annotation: own + `request-set-headers: "x-team: a"`, refused: true},
		"TLS to the pod":                  {strategy: header, annotation: own + `secure-backends: "true"`, refused: true},
		"the PROXY protocol":              {strategy: header, annotation: own + `proxy-protocol: v2`, refused: true},
		"HTTP/2 against appProtocol":      {strategy: clusterIP, annotation: own + `backend-protocol: grpc`, refused: true},
		"HTTP/2 as appProtocol":           {strategy: clusterIP, annotation: own + `backend-protocol: GRPC`, h2c: true},
		"what has nothing to do with us":  {strategy: header, annotation: own + `timeout-server: 1s`},
		"a prefix that it does not read":  {strategy: header, annotation: `example.com/headers: "x-team: a"`},
		"HTTP/1.1 spelled out, otherwise": {strategy: header, annotation: own + `backend-protocol: h1`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := web(tc.strategy)
			in.Routes[0].Backends[0].H2C = tc.h2c
			in.Objects = []*unstructured.Unstructured{service(t, tc.annotation, "{port: 80, targetPort: 8080}")}
			var want []story.Failure
			if tc.refused {
				want = []story.Failure{story.Invalid("spec.rules[0].paths[0].backends[0].service.name")}
			}
			story.Diff(t, "errors", want, failures(t, in))
		})
	}
}

func TestDataPlaneIsTheControllerAlone(t *testing.T) {
	s := haproxyingress.New().Describe().DataPlane.Workloads[0]
	for name, found := range map[string]bool{
		"haproxy-ingress": true, "haproxy-ingress-default-backend": false, "kubernetes-ingress": false,
	} {
		if got := s.Labels["app.kubernetes.io/name"] == name; got != found {
			t.Errorf("%s: found = %t", name, got)
		}
	}
}
