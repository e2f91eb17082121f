// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"testing"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
)

func TestPathsMatchByElements(t *testing.T) {
	tests := map[string]struct {
		routes []providers.Route
		want   []contourv1.MatchCondition
	}{
		"the root is one prefix": {
			[]providers.Route{prefix("h.test", "/")},
			[]contourv1.MatchCondition{{Prefix: "/"}},
		},
		"a prefix never reaches /foobar": {
			[]providers.Route{prefix("h.test", "/foo")},
			[]contourv1.MatchCondition{{Exact: "/foo"}, {Prefix: "/foo/"}},
		},
		"a slash at the end of a prefix does not count": {
			[]providers.Route{prefix("h.test", "/foo/")},
			[]contourv1.MatchCondition{{Exact: "/foo"}, {Prefix: "/foo/"}},
		},
		"an exact path is one condition": {
			[]providers.Route{exact("h.test", "/foo")},
			[]contourv1.MatchCondition{{Exact: "/foo"}},
		},
		"the user's exact path wins over that of a prefix": {
			[]providers.Route{prefix("h.test", "/foo"), exact("h.test", "/foo")},
			[]contourv1.MatchCondition{{Prefix: "/foo/"}, {Exact: "/foo"}},
		},
		"an exact path with a slash at its end is another": {
			[]providers.Route{exact("h.test", "/foo/"), prefix("h.test", "/foo")},
			[]contourv1.MatchCondition{{Exact: "/foo/"}, {Exact: "/foo"}, {Prefix: "/foo/"}},
		},
		"the exact root and the prefix of everything": {
			[]providers.Route{exact("h.test", "/"), prefix("h.test", "/")},
			[]contourv1.MatchCondition{{Exact: "/"}, {Prefix: "/"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []contourv1.MatchCondition
			for _, r := range translate(t, input(tc.routes...))["h.test"].Spec.Routes {
				got = append(got, r.Conditions...)
			}
			diff(t, "conditions", tc.want, got)
		})
	}
}

func TestPathsOfOneHostDoNotTouchAnother(t *testing.T) {
	proxies := translate(t, input(exact("a.test", "/foo"), prefix("b.test", "/foo"), prefix("c.test", "/foo/")))
	diff(t, "routes of b.test", 2, len(proxies["b.test"].Spec.Routes))
	diff(t, "routes of c.test", 2, len(proxies["c.test"].Spec.Routes))
}

func TestPathsThatContourCannotServe(t *testing.T) {
	at := "spec.rules[0].paths[0].path"
	tests := map[string]struct {
		routes []providers.Route
		want   []failure
	}{
		"two slashes":         {[]providers.Route{exact("h.test", "/a//b")}, []failure{{field.ErrorTypeInvalid, at}}},
		"only slashes":        {[]providers.Route{prefix("h.test", "//")}, []failure{{field.ErrorTypeInvalid, at}}},
		"a dot segment":       {[]providers.Route{prefix("h.test", "/a/./b")}, []failure{{field.ErrorTypeInvalid, at}}},
		"a dot dot at an end": {[]providers.Route{exact("h.test", "/a/..")}, []failure{{field.ErrorTypeInvalid, at}}},
		"dots in a name":      {[]providers.Route{exact("h.test", "/a..b/.well-known")}, nil},
		"one prefix, with and without a slash": {
			[]providers.Route{prefix("h.test", "/foo"), prefix("h.test", "/foo/")},
			[]failure{{field.ErrorTypeDuplicate, at}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			diff(t, "failures", tc.want, failures(t, input(tc.routes...)))
		})
	}
}
