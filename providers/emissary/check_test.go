// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestRouteOfAnotherMappingIsLeftAlone(t *testing.T) {
	taken := []story.Failure{story.Duplicate("example.com/foo (Prefix)")}
	tests := map[string]struct {
		spec string
		want []story.Failure
	}{
		"the same prefix":               {"{hostname: example.com, prefix: /foo/}", taken},
		"the exact half":                {"{hostname: example.com, prefix: /foo, prefix_exact: true}", taken},
		"a prefix that should be exact": {"{hostname: example.com, prefix: /foo}", taken},
		"by the former field":           {"{host: example.com, prefix: /foo/}", taken},
		"with a redirect":               {"{hostname: example.com, prefix: /foo/, host_redirect: true}", taken},
		"another path":                  {"{hostname: example.com, prefix: /foobar}", nil},
		"another host":                  {"{hostname: example.org, prefix: /foo/}", nil},
		"every host":                    {`{hostname: "*", prefix: /foo/}`, nil},
		"no host":                       {"{prefix: /foo/}", nil},
		"another precedence":            {"{hostname: example.com, prefix: /foo/, precedence: 10}", nil},
		"one method":                    {"{hostname: example.com, prefix: /foo/, method: GET}", nil},
		"requests with a header":        {"{hostname: example.com, prefix: /foo/, headers: {x-canary: 'yes'}}", nil},
		"requests with a parameter":     {"{hostname: example.com, prefix: /foo/, query_parameters: {canary: 'yes'}}", nil},
		"a shadow":                      {"{hostname: example.com, prefix: /foo/, shadow: true}", nil},
		"no shadow":                     {"{hostname: example.com, prefix: /foo/, shadow: false}", taken},
		"another installation":          {"{hostname: example.com, prefix: /foo/, ambassador_id: [internal]}", nil},
		"every installation":            {"{hostname: example.com, prefix: /foo/, ambassador_id: [_automatic_]}", taken},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(prefix("example.com", "/foo"))
			in.Objects = []*unstructured.Unstructured{mapping(t, tc.spec)}
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestOurOwnMappingsAreNoObstacle(t *testing.T) {
	own := mapping(t, "{hostname: example.com, prefix: /}")
	own.SetAnnotations(map[string]string{v1alpha1.OwnerAnnotation: "MeshIngress/default/web"})
	in := input(prefix("example.com", "/"))
	in.Objects = []*unstructured.Unstructured{own}
	story.Diff(t, "failures", nil, failures(t, in))
}

func TestInstallationsAreToldApartByTheirIDs(t *testing.T) {
	in := input(prefix("example.com", "/"))
	in.Class.Spec.Emissary = &v1alpha1.EmissaryOptions{AmbassadorIDs: []string{"public", "edge"}}
	taken := []story.Failure{story.Duplicate("example.com/ (Prefix)")}
	for ids, want := range map[string][]story.Failure{
		"[edge, internal]": taken, "[internal]": nil, "[default]": nil, "[]": nil,
	} {
		in.Objects = []*unstructured.Unstructured{mapping(t, "{hostname: example.com, prefix: /, ambassador_id: "+ids+"}")}
		story.Diff(t, "failures with "+ids, want, failures(t, in))
	}
}

// Emissary looks at the length of the path before the host, a MeshIngress at the host.
func TestHostsComeBeforePaths(t *testing.T) {
	refused := func(route string) []story.Failure { return []story.Failure{story.Invalid(route + ".path")} }
	tests := map[string]struct {
		routes []providers.Route
		want   []story.Failure
	}{
		"a longer path of every host": {
			[]providers.Route{prefix("example.com", "/"), prefix("", "/api")}, refused("/api (Prefix)"),
		},
		"a longer path of a wildcard": {
			[]providers.Route{prefix("a.b.example.com", "/"), prefix("*.example.com", "/api")},
			refused("*.example.com/api (Prefix)"),
		},
		"of a wildcard above a wildcard": {
			[]providers.Route{prefix("*.b.example.com", "/"), exact("*.example.com", "/api")},
			refused("*.example.com/api (Exact)"),
		},
		"of another wildcard": {[]providers.Route{prefix("example.com", "/"), prefix("*.example.com", "/api")}, nil},
		"the host has the path, too": {
			[]providers.Route{prefix("example.com", "/"), prefix("example.com", "/api"), prefix("", "/api")}, nil,
		},
		"the host has only the exact path": {
			[]providers.Route{prefix("example.com", "/"), exact("example.com", "/api"), prefix("", "/api")},
			refused("/api (Prefix)"),
		},
		"the same path":  {[]providers.Route{prefix("example.com", "/api"), prefix("", "/api")}, nil},
		"a shorter path": {[]providers.Route{prefix("example.com", "/api"), prefix("", "/")}, nil},
		"beside it":      {[]providers.Route{prefix("example.com", "/api"), prefix("", "/shop")}, nil},
		"an exact path with precedence": {
			[]providers.Route{prefix("example.com", "/"), exact("", "/")}, refused("/ (Exact)"),
		},
		"nothing but exact paths": {[]providers.Route{exact("example.com", "/api"), prefix("", "/api")}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { story.Diff(t, "failures", tc.want, failures(t, input(tc.routes...))) })
	}
}

func TestPathsThatNoRequestHas(t *testing.T) {
	story.Diff(t, "dots", []story.Failure{story.Invalid("example.com/a/../b (Prefix).path")},
		failures(t, input(prefix("example.com", "/a/../b"))))
	story.Diff(t, "slashes", []story.Failure{story.Duplicate("example.com/a/ (Prefix).path")},
		failures(t, input(prefix("example.com", "/a"), prefix("example.com", "/a/"))))
}
