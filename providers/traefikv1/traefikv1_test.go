// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefikv1_test

import (
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/providertest/story"
	"github.com/meshingress/meshingress/providers/traefikv1"
)

var class = providers.Class{Name: "public", IngressClassName: "traefik"}

func route(path string, pathType v1alpha1.PathType) providers.Route {
	at := field.NewPath("spec", "rules").Index(0).Child("paths").Index(0)
	return providers.Route{
		Host: "a.io", Path: path, PathType: pathType, Field: at,
		Backends: []providers.Backend{{
			Namespace: "default", Service: "web", Port: 80, Weight: 1, Field: at.Child("backends").Index(0),
		}},
	}
}

func input(routes ...providers.Route) providers.Input {
	return providers.Input{
		Name: "web", Namespace: "default", Class: class, Strategy: traefikv1.New().Describe().Strategies[0],
		ClusterDomain: "cluster.local", Routes: routes,
	}
}

// rule is a path as Traefik sees it.
type rule struct {
	Path, Priority string
	Type           networkingv1.PathType
}

func rules(t *testing.T, in providers.Input) []rule {
	t.Helper()
	plan, errs := traefikv1.New().Translate(in)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	var all []rule
	for _, obj := range plan.Objects {
		ing, _ := ingresses.Decode(obj)
		for _, r := range ing.Spec.Rules {
			for _, p := range r.HTTP.Paths {
				all = append(all, rule{p.Path, ing.Annotations["ingress.kubernetes.io/priority"], *p.PathType})
			}
		}
	}
	return all
}

// The priorities are what "Host:a.io", 9 characters, and "PathPrefix:" with the path
// add up to.
func TestPathsBecomeRules(t *testing.T) {
	prefix, exact := v1alpha1.PathTypePrefix, v1alpha1.PathTypeExact
	const pattern = networkingv1.PathTypeImplementationSpecific
	cases := map[string]struct {
		route providers.Route
		want  rule
	}{
		"the root is plain":      {route("/", prefix), rule{"/", "", "Prefix"}},
		"Prefix":                 {route("/foo", prefix), rule{"/foo{end:$|/}", "24", pattern}},
		"Prefix with a slash":    {route("/foo/", prefix), rule{"/foo{end:$|/}", "24", pattern}},
		"Exact before Prefix":    {route("/foo", exact), rule{"/foo{end:$}", "25", pattern}},
		"Exact of the root":      {route("/", exact), rule{"/{end:$}", "22", pattern}},
		"the longer before":      {route("/foo/bar", prefix), rule{"/foo/bar{end:$|/}", "28", pattern}},
		"Exact with its slash":   {route("/foo/", exact), rule{"/foo/{end:$}", "26", pattern}},
		"special to expressions": {route("/a.b+(c)", prefix), rule{"/a.b+(c){end:$|/}", "28", pattern}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "rules", []rule{tc.want}, rules(t, input(tc.route)))
		})
	}
}

func TestADefaultBackendIsTheShortestRule(t *testing.T) {
	in := input()
	in.Default = &providers.Backend{Namespace: "default", Service: "web", Port: 80, H2C: true}
	plan, errs := traefikv1.New().Translate(in)
	if len(errs) > 0 || len(plan.Objects) != 1 {
		t.Fatalf("%d objects, %v", len(plan.Objects), errs.ToAggregate())
	}
	ing, _ := ingresses.Decode(plan.Objects[0])
	if ing.Spec.DefaultBackend != nil || len(ing.Spec.Rules) != 1 || ing.Spec.Rules[0].Host != "" {
		t.Errorf("the default backend is no rule without host: %+v", ing.Spec)
	}
	story.Diff(t, "protocol", "h2c", ing.Annotations["ingress.kubernetes.io/protocol"])
}

func TestPathsThatMeanSomethingInARule(t *testing.T) {
	for name, path := range map[string]string{
		"another path": "/a,/b", "another rule": "/a;Host:b", "a doubled colon": "/a::b", "an expression": "/{x:.*}",
		"an encoded character": "/a%41", "a quote": `/a"b`, "two slashes": "/a//b",
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := traefikv1.New().Translate(input(route(path, v1alpha1.PathTypePrefix)))
			if len(errs) != 1 || errs[0].Type != field.ErrorTypeInvalid || errs[0].Field != "spec.rules[0].paths[0].path" {
				t.Errorf("%q: %v", path, errs.ToAggregate())
			}
		})
	}
}

func TestEveryClassIsToldThatItIsObsolete(t *testing.T) {
	var got []string
	for _, n := range traefikv1.New().Describe().AllNotices() {
		got = append(got, n.Reason)
	}
	story.Diff(t, "notices", []string{traefikv1.ReasonObsolete}, got)
}

func TestDataPlane(t *testing.T) {
	workloads := map[string]struct {
		kind   string
		labels map[string]string
		found  bool
	}{
		"the chart's":          {"Deployment", map[string]string{"app": "traefik", "release": "public"}, true},
		"the manifest's":       {"Deployment", map[string]string{"k8s-app": "traefik-ingress-lb"}, true},
		"the other manifest's": {"DaemonSet", map[string]string{"k8s-app": "traefik-ingress-lb"}, true},
		"of the chart of 2.x":  {"Deployment", map[string]string{"app.kubernetes.io/name": "traefik"}, false},
	}
	for name, tc := range workloads {
		t.Run(name, func(t *testing.T) {
			found := slices.ContainsFunc(traefikv1.New().Describe().DataPlane.Workloads, func(s providers.WorkloadSelector) bool {
				for key, value := range s.Labels {
					if tc.labels[key] != value {
						return false
					}
				}
				return slices.Contains(s.Kinds, tc.kind)
			})
			if found != tc.found {
				t.Errorf("found = %t", found)
			}
		})
	}
}

func TestExposedRoutes(t *testing.T) {
	cases := map[string]struct {
		annotations string
		want        bool
	}{
		"nothing set":                     {"kubernetes.io/ingress.class: traefik", true},
		"without class":                   {"", true},
		"of another class":                {"kubernetes.io/ingress.class: nginx", false},
		"of another class, second prefix": {"traefik.kubernetes.io/ingress.class: nginx", false},
		"another header set":              {`ingress.kubernetes.io/custom-request-headers: "X-Team:web"`, true},
		"set":                             {`ingress.kubernetes.io/custom-request-headers: "l5d-dst-override:a.b.svc.c.d:80"`, false},
		"set second": {
			`traefik.ingress.kubernetes.io/custom-request-headers: "X-Team:web||L5d-Dst-Override: a:80"`, false,
		},
		"removed":               {`ingress.kubernetes.io/custom-request-headers: "l5d-dst-override:"`, false},
		"named without a value": {`ingress.kubernetes.io/custom-request-headers: "l5d-dst-override"`, true},
		"set where it is not read": {
			`ingress.kubernetes.io/custom-request-headers: "X:y", ` +
				`traefik.ingress.kubernetes.io/custom-request-headers: "l5d-dst-override:a:80"`,
			true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, annotations: {" + tc.annotations + "}}\nspec: {}"
			if got := traefikv1.New().Exposed(class, story.Object(t, text)); got != tc.want {
				t.Errorf("exposed = %t", got)
			}
		})
	}
}
