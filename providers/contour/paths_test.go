// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"testing"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestPathsMatchByElements(t *testing.T) {
	tests := map[string]struct {
		routes []providers.Route
		want   []contourv1.MatchCondition
	}{
		"the root is one prefix": {
			[]providers.Route{story.Prefix("h.test", "/")},
			[]contourv1.MatchCondition{{Prefix: "/"}},
		},
		"a prefix never reaches /foobar": {
			[]providers.Route{story.Prefix("h.test", "/foo")},
			[]contourv1.MatchCondition{{Exact: "/foo"}, {Prefix: "/foo/"}},
		},
		"a slash at the end of a prefix does not count": {
			[]providers.Route{story.Prefix("h.test", "/foo/")},
			[]contourv1.MatchCondition{{Exact: "/foo"}, {Prefix: "/foo/"}},
		},
		"an exact path is one condition": {
			[]providers.Route{story.Exact("h.test", "/foo")},
			[]contourv1.MatchCondition{{Exact: "/foo"}},
		},
		"the user's exact path wins over that of a prefix": {
			[]providers.Route{story.Prefix("h.test", "/foo"), story.Exact("h.test", "/foo")},
			[]contourv1.MatchCondition{{Prefix: "/foo/"}, {Exact: "/foo"}},
		},
		"an exact path with a slash at its end is another": {
			[]providers.Route{story.Exact("h.test", "/foo/"), story.Prefix("h.test", "/foo")},
			[]contourv1.MatchCondition{{Exact: "/foo/"}, {Exact: "/foo"}, {Prefix: "/foo/"}},
		},
		"the exact root and the prefix of everything": {
			[]providers.Route{story.Exact("h.test", "/"), story.Prefix("h.test", "/")},
			[]contourv1.MatchCondition{{Exact: "/"}, {Prefix: "/"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []contourv1.MatchCondition
			for _, r := range translate(t, input(tc.routes...))["h.test"].Spec.Routes {
				got = append(got, r.Conditions...)
			}
			story.Diff(t, "conditions", tc.want, got)
		})
	}
}

func TestPathsOfOneHostDoNotTouchAnother(t *testing.T) {
	proxies := translate(t, input(story.Exact("a.test", "/foo"), story.Prefix("b.test", "/foo"), story.Prefix("c.test", "/foo/")))
	story.Diff(t, "routes of b.test", 2, len(proxies["b.test"].Spec.Routes))
	story.Diff(t, "routes of c.test", 2, len(proxies["c.test"].Spec.Routes))
}

func TestPathsThatContourCannotServe(t *testing.T) {
	at := "spec.rules[0].paths[0].path"
	tests := map[string]struct {
		routes []providers.Route
		want   []story.Failure
	}{
		"two slashes":         {[]providers.Route{story.Exact("h.test", "/a//b")}, []story.Failure{story.Invalid(at)}},
		"only slashes":        {[]providers.Route{story.Prefix("h.test", "//")}, []story.Failure{story.Invalid(at)}},
		"a dot segment":       {[]providers.Route{story.Prefix("h.test", "/a/./b")}, []story.Failure{story.Invalid(at)}},
		"a dot dot at an end": {[]providers.Route{story.Exact("h.test", "/a/..")}, []story.Failure{story.Invalid(at)}},
		"dots in a name":      {[]providers.Route{story.Exact("h.test", "/a..b/.well-known")}, nil},
		"one prefix, with and without a slash": {
			[]providers.Route{story.Prefix("h.test", "/foo"), story.Prefix("h.test", "/foo/")},
			[]story.Failure{story.Duplicate(at)},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "failures", tc.want, failures(t, input(tc.routes...)))
		})
	}
}
