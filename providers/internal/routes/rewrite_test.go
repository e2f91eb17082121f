// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package routes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// texts are host, path and type of routes.
func texts(all []providers.Route) []string {
	var out []string
	for _, r := range all {
		out = append(out, r.Host+r.Path+" "+string(r.PathType))
	}
	return out
}

func TestExpand(t *testing.T) {
	got := texts(routes.Expand([]providers.Route{
		prefix("a.io", "/"), prefix("a.io", "/a/"), prefix("b.io", "/b"), exact("b.io", "/b"), prefix("c.io", "/b"),
	}))
	want := []string{
		"a.io/ Prefix", "a.io/a Exact", "a.io/a/ Prefix", "b.io/b/ Prefix", "b.io/b Exact", "c.io/b Exact", "c.io/b/ Prefix",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

func TestWithDefault(t *testing.T) {
	rest := &providers.Backend{Service: "rest", Field: field.NewPath("spec", "defaultBackend")}
	cases := map[string]struct {
		routes   []providers.Route
		fallback *providers.Backend
		hosts    []string
		want     []string
	}{
		"no default backend": {[]providers.Route{prefix("a.io", "/a")}, nil, []string{"a.io", ""}, []string{"a.io/a Prefix"}},
		"no hosts":           {[]providers.Route{prefix("a.io", "/a")}, rest, nil, []string{"a.io/a Prefix"}},
		"each host": {
			[]providers.Route{prefix("a.io", "/a")},
			rest,
			[]string{"a.io", ""},
			[]string{"a.io/a Prefix", "a.io/ Prefix", "/ Prefix"},
		},
		"a host twice":              {nil, rest, []string{"", ""}, []string{"/ Prefix"}},
		"a host with its own":       {[]providers.Route{prefix("a.io", "/")}, rest, []string{"a.io"}, []string{"a.io/ Prefix"}},
		"an Exact root is not /any": {[]providers.Route{exact("", "/")}, rest, []string{""}, []string{"/ Exact", "/ Prefix"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := providers.Input{Routes: tc.routes, Default: tc.fallback}
			got := routes.WithDefault(in, tc.hosts...)
			if diff := cmp.Diff(tc.want, texts(got)); diff != "" {
				t.Errorf("routes (-want +got):\n%s", diff)
			}
			for _, r := range got[len(tc.routes):] {
				if r.Field != rest.Field || len(r.Backends) != 1 || r.Backends[0] != *rest {
					t.Errorf("%+v is not the default backend's", r)
				}
			}
		})
	}
}
