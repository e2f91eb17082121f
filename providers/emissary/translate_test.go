// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const webService = "http://web-svc.default.svc.cluster.local:80"

func TestPathsBecomeMatchesOfText(t *testing.T) {
	byPrefix := func(path string) map[string]any {
		return map[string]any{"hostname": "example.com", "prefix": path, "service": webService}
	}
	exactly := func(path string) map[string]any {
		spec := byPrefix(path)
		spec["prefix_exact"] = true
		return spec
	}
	first := func(spec map[string]any) map[string]any {
		spec["precedence"] = int64(1)
		return spec
	}
	tests := map[string]struct {
		routes []providers.Route
		want   []map[string]any
	}{
		"the root is one prefix": {[]providers.Route{prefix("example.com", "/")}, []map[string]any{byPrefix("/")}},
		"a prefix is the path and what is below it": {
			[]providers.Route{prefix("example.com", "/foo")}, []map[string]any{exactly("/foo"), byPrefix("/foo/")},
		},
		"a slash at the end of a prefix does not count": {
			[]providers.Route{prefix("example.com", "/foo/")}, []map[string]any{exactly("/foo"), byPrefix("/foo/")},
		},
		"an exact path of its own takes the place of the prefix's": {
			[]providers.Route{exact("example.com", "/foo"), prefix("example.com", "/foo")},
			[]map[string]any{exactly("/foo"), byPrefix("/foo/")},
		},
		"an exact path that is the text of a prefix has precedence": {
			[]providers.Route{exact("example.com", "/foo/"), prefix("example.com", "/foo")},
			[]map[string]any{first(exactly("/foo/")), exactly("/foo"), byPrefix("/foo/")},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { story.Diff(t, "Mappings", tc.want, mappings(t, input(tc.routes...))) })
	}
}

func TestExactRootStandsBesideTheDefaultBackend(t *testing.T) {
	in := input(exact("", "/"))
	b := story.Weighted("fallback", 1)
	in.Default = &b
	story.Diff(t, "Mappings", []map[string]any{
		{"hostname": "*", "prefix": "/", "prefix_exact": true, "precedence": int64(1), "service": webService},
		{"hostname": "*", "prefix": "/", "service": "http://fallback.default.svc.cluster.local:80"},
	}, mappings(t, in))
}

func TestDefaultBackendGivesWayToARouteForEverything(t *testing.T) {
	in := input(prefix("", "/"))
	b := story.Weighted("fallback", 1)
	in.Default = &b
	story.Diff(t, "Mappings", []map[string]any{{"hostname": "*", "prefix": "/", "service": webService}}, mappings(t, in))
}

func TestServiceIsNamedInFull(t *testing.T) {
	b := story.Weighted("voting", 1)
	b.H2C, b.Port = true, 8080
	in := input(to("", "/", v1alpha1.PathTypePrefix, b))
	in.ClusterDomain = "mesh.internal"
	story.Diff(t, "Mappings", []map[string]any{{
		"hostname": "*", "prefix": "/", "grpc": true, "service": "http://voting.default.svc.mesh.internal:8080",
	}}, mappings(t, in))
}

func TestTemplateCannotConfigureEmissary(t *testing.T) {
	for _, key := range []string{
		"kubernetes.io/ingress.class", "getambassador.io/ambassador-id", "getambassador.io/config",
	} {
		in := input(prefix("example.com", "/"))
		in.Annotations = map[string]string{key: "x"}
		story.Diff(t, "failures for "+key, []story.Failure{
			story.Forbidden("spec.template.annotations[" + key + "]"),
		}, failures(t, in))
	}
}

// Emissary's cache knows a Mapping by its name up to the first dot.
func TestNamesAreLabelsAndDiffer(t *testing.T) {
	in := input()
	in.Name, in.Class.Name = "web.v1", "public.example"
	for _, h := range []string{"", "all", "example.com", "*.example.com", "wildcard.example.com", "example.org"} {
		for _, path := range []string{"/", "/a", "/A", "/a.b", strings.Repeat("/long", 100)} {
			in.Routes = append(in.Routes, to(h, path, v1alpha1.PathTypePrefix, story.Weighted("a", 1), story.Weighted("b", 1)))
		}
	}
	plan, errs := emissary.New().Translate(in)
	if len(errs) > 0 {
		t.Fatalf("Translate: %v", errs.ToAggregate())
	}
	seen := map[string]bool{}
	for _, obj := range plan.Objects {
		name := obj.GetName()
		if problems := validation.IsDNS1123Label(name); len(problems) > 0 || seen[name] {
			t.Errorf("the name %q is seen twice or no label: %v", name, problems)
		}
		seen[name] = true
	}
	story.Diff(t, "number", 6*(1+4*2)*2, len(seen))
}

func TestTranslateChangesNothingOfItsInput(t *testing.T) {
	in := input(prefix("example.com", "/foo"))
	in.Labels = map[string]string{"team": "web"}
	b := story.Weighted("fallback", 1)
	in.Default = &b
	plan, _ := emissary.New().Translate(in)
	labels := plan.Objects[0].GetLabels()
	labels["owner"] = "someone"
	plan.Objects[0].SetLabels(labels)
	story.Diff(t, "labels", map[string]string{"team": "web"}, in.Labels)

	again, _ := emissary.New().Translate(in)
	once, _ := emissary.New().Translate(in)
	story.Diff(t, "second plan", once, again)
}
