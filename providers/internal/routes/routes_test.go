// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package routes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

func prefix(host, path string) providers.Route {
	return providers.Route{Host: host, Path: path, PathType: v1alpha1.PathTypePrefix, Field: field.NewPath(host + path)}
}

func exact(host, path string) providers.Route {
	r := prefix(host, path)
	r.PathType = v1alpha1.PathTypeExact
	return r
}

func TestHosts(t *testing.T) {
	all := []providers.Route{prefix("b.io", "/"), prefix("a.io", "/"), prefix("b.io", "/x"), prefix("", "/")}
	if diff := cmp.Diff([]string{"b.io", "a.io", ""}, routes.Hosts(all)); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	var paths []string
	for _, r := range routes.OfHost(all, "b.io") {
		paths = append(paths, r.Host+r.Path)
	}
	if diff := cmp.Diff([]string{"b.io/", "b.io/x"}, paths); diff != "" {
		t.Errorf("routes of a host (-want +got):\n%s", diff)
	}
	if len(all) != 4 || all[1].Host != "a.io" {
		t.Errorf("the routes have changed: %v", all)
	}
	if len(routes.OfHost(all, "c.io"))+len(routes.Hosts(nil)) > 0 {
		t.Error("a host that is not there has routes, or no routes have hosts")
	}
}

func TestMatches(t *testing.T) {
	for name, tc := range map[string]struct {
		route providers.Route
		taken map[string]bool
		want  []routes.Match
	}{
		"exact":              {route: exact("", "/a"), want: []routes.Match{{Exact: "/a"}}},
		"exact with a slash": {route: exact("", "/a/"), want: []routes.Match{{Exact: "/a/"}}},
		"the exact root":     {route: exact("", "/"), want: []routes.Match{{Exact: "/"}}},
		"the root":           {route: prefix("", "/"), want: []routes.Match{{Prefix: "/"}}},
		"the root, taken exactly": {
			route: prefix("", "/"), taken: map[string]bool{"/": true}, want: []routes.Match{{Prefix: "/"}},
		},
		"a prefix":              {route: prefix("", "/a/b"), want: []routes.Match{{Exact: "/a/b"}, {Prefix: "/a/b/"}}},
		"a prefix with a slash": {route: prefix("", "/a/"), want: []routes.Match{{Exact: "/a"}, {Prefix: "/a/"}}},
		"a prefix, taken exactly": {
			route: prefix("", "/a"), taken: map[string]bool{"/a": true}, want: []routes.Match{{Prefix: "/a/"}},
		},
		"a prefix, another one taken": {
			route: prefix("", "/a"), taken: map[string]bool{"/a/": true}, want: []routes.Match{{Exact: "/a"}, {Prefix: "/a/"}},
		},
		"a path that looks special": {route: prefix("", "/a.*"), want: []routes.Match{{Exact: "/a.*"}, {Prefix: "/a.*/"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, routes.Matches(tc.route, tc.taken)); diff != "" {
				t.Errorf("matches (-want +got):\n%s", diff)
			}
		})
	}
	want := map[string]bool{"/a": true, "/b/": true}
	got := routes.Exact([]providers.Route{exact("", "/a"), prefix("", "/c"), exact("", "/b/")})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exact paths (-want +got):\n%s", diff)
	}
}

func TestServesAll(t *testing.T) {
	for name, tc := range map[string]struct {
		route providers.Route
		want  bool
	}{
		"the root":       {prefix("a.io", "/"), true},
		"a path":         {prefix("a.io", "/a"), false},
		"the exact root": {exact("a.io", "/"), false},
		"of another":     {prefix("b.io", "/"), false},
		"of every host":  {prefix("", "/"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := routes.ServesAll([]providers.Route{prefix("a.io", "/x"), tc.route}, "a.io"); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// errorsOf are the fields and types of errors, each of which has a remedy.
func errorsOf(t *testing.T, errs field.ErrorList) []string {
	t.Helper()
	var out []string
	for _, err := range errs {
		out = append(out, err.Field+" "+string(err.Type))
		if err.Detail == "" {
			t.Errorf("%s has no remedy", err.Field)
		}
	}
	return out
}

func TestCheckNormalized(t *testing.T) {
	for path, bad := range map[string]bool{
		"/": false, "/a": false, "/a/": false, "/a.b/.c/..d": false, "/a..": false,
		"//": true, "/a//b": true, "/a//": true, "/./a": true, "/a/.": true,
		"/a/..": true, "/a/../b": true, "/.": true, "/..": true,
	} {
		t.Run(path, func(t *testing.T) {
			for _, r := range []providers.Route{prefix("", path), exact("", path)} {
				var want []string
				if bad {
					want = []string{path + ".path FieldValueInvalid"}
				}
				if diff := cmp.Diff(want, errorsOf(t, routes.CheckNormalized([]providers.Route{r}))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", r.PathType, diff)
				}
			}
		})
	}
}

func TestCheckSlashes(t *testing.T) {
	for name, tc := range map[string]struct {
		routes []providers.Route
		want   []string
	}{
		"different paths": {[]providers.Route{prefix("", "/a"), prefix("", "/b/"), prefix("", "/a/b")}, nil},
		"a prefix twice": {
			[]providers.Route{prefix("", "/a"), prefix("", "/a/")}, []string{"/a/.path FieldValueDuplicate"},
		},
		"an exact one is other": {[]providers.Route{prefix("", "/a"), exact("", "/a/"), exact("", "/a")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, errorsOf(t, routes.CheckSlashes(tc.routes))); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDuplicateHasARemedy(t *testing.T) {
	err := routes.Duplicate(field.NewPath("spec"), "a.io", "remove one")
	if err.Type != field.ErrorTypeDuplicate || err.Field != "spec" || err.BadValue != "a.io" || err.Detail != "remove one" {
		t.Errorf("got %#v", err)
	}
}
