// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"math"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestMatch(t *testing.T) {
	const wildcard = "(HostRegexp(`{subdomain:[^.]+}.example.com`) || HostRegexp(`^[^.]+\\.example\\.com$`))"
	for name, c := range map[string]struct {
		route providers.Route
		want  string
	}{
		"everything":             {prefix("", "/"), "PathPrefix(`/`)"},
		"host":                   {prefix("example.com", "/"), "Host(`example.com`) && PathPrefix(`/`)"},
		"prefix by elements":     {prefix("", "/foo"), "(Path(`/foo`) || PathPrefix(`/foo/`))"},
		"prefix with end slash":  {prefix("", "/foo/"), "(Path(`/foo`) || PathPrefix(`/foo/`))"},
		"exact":                  {exact("", "/foo"), "Path(`/foo`)"},
		"exact with end slash":   {exact("", "/foo/"), "Path(`/foo/`)"},
		"exact root":             {exact("", "/"), "Path(`/`)"},
		"host and prefix":        {prefix("a.io", "/x"), "Host(`a.io`) && (Path(`/x`) || PathPrefix(`/x/`))"},
		"wildcard":               {prefix("*.example.com", "/"), wildcard + " && PathPrefix(`/`)"},
		"every character of URL": {exact("", "/a..b_c~!$&()*+,;=:@-"), "Path(`/a..b_c~!$&()*+,;=:@-`)"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := match(c.route)
			if err != nil {
				t.Fatalf("matching: %v", err)
			}
			story.Diff[any](t, "rule", c.want, got)
		})
	}
}

func TestMatchRefusesWhatBreaksOutOfARule(t *testing.T) {
	attacks := map[string]string{
		"closing the literal": "a`) || PathPrefix(`/",
		"backtick":            "`",
		"variable":            "{any:.*}",
		"open variable":       "a{",
		"closed variable":     "a}",
		"newline":             "a\nb",
		"carriage return":     "a\rb",
		"null":                "a\x00b",
		"delete":              "a\x7fb",
		"space":               "a b",
		"not ASCII":           "ä",
		"broken UTF-8":        "a\xff",
	}
	const at = "spec.rules[0].paths[0]"
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			for _, r := range []providers.Route{prefix("", "/"+attack), exact("a.io", "/"+attack)} {
				got := problems(t, input(nativeLB, r))
				story.Diff[any](t, "path "+r.Path, []story.Failure{story.Invalid(at + ".path")}, got)
			}
			for _, r := range []providers.Route{prefix(attack, "/"), prefix("*."+attack, "/")} {
				got := problems(t, input(nativeLB, r))
				story.Diff[any](t, "host "+r.Host, []story.Failure{story.Invalid(at)}, got)
			}
		})
	}
	for name, r := range map[string]providers.Route{
		"encoded path": prefix("", "/%2Ffoo"),
		"no path":      prefix("", ""), "relative path": exact("", "foo"),
		"slashes": prefix("", "/a//"), "only slashes": prefix("", "//"),
		"dot": exact("", "/a/./b"), "dots": prefix("", "/a/.."),
		"host of a star": prefix("*", "/"), "star inside": prefix("a.*.io", "/"),
		"star without domain": prefix("*.", "/"),
	} {
		t.Run(name, func(t *testing.T) {
			if got := problems(t, input(nativeLB, r)); len(got) != 1 || got[0].Type != field.ErrorTypeInvalid {
				t.Errorf("got %v, want one invalid value", got)
			}
		})
	}
}

func TestSameRuleTwiceIsRefused(t *testing.T) {
	got := problems(t, input(nativeLB, prefix("a.io", "/foo"), prefix("a.io", "/foo/")))
	story.Diff[any](t, "errors", []story.Failure{story.Duplicate("spec.rules[0].paths[0].path")}, got)
}

// Where two rules match one request, the first named here must win.
func TestPriorityOrdersOverlappingRules(t *testing.T) {
	long := "/" + strings.Repeat("a", 511)
	for name, c := range map[string]struct{ first, then providers.Route }{
		"exact before the same prefix":         {exact("a.io", "/foo"), prefix("a.io", "/foo")},
		"exact before the prefix of all":       {exact("a.io", "/a"), prefix("a.io", "/")},
		"exact root before the prefix of all":  {exact("a.io", "/"), prefix("a.io", "/")},
		"longer prefix before shorter":         {prefix("a.io", "/foo/bar"), prefix("a.io", "/foo")},
		"end slash adds nothing":               {prefix("a.io", "/foo/b"), prefix("a.io", "/foo/")},
		"short host before long any-host path": {prefix("a", "/"), exact("", long)},
		"short host before long wildcard path": {prefix("a.io", "/"), exact("*.io", long)},
		"wildcard before long any-host path":   {prefix("*.io", "/"), exact("", long)},
		"exact before prefix, wildcard":        {exact("*.io", "/foo"), prefix("*.io", "/foo")},
		"longer before shorter, any host":      {prefix("", "/foo/bar"), prefix("", "/foo")},
		"exact before prefix, any host":        {exact("", "/foo"), prefix("", "/foo")},
	} {
		t.Run(name, func(t *testing.T) {
			if first, then := priority(c.first), priority(c.then); first <= then {
				t.Errorf("priority %d does not come before %d", first, then)
			}
		})
	}
}

func TestPriorityTakesItsPlaceAmongOthers(t *testing.T) {
	t.Run("a plain rule with a host has Traefik's default", func(t *testing.T) {
		r := prefix("example.com", "/foo")
		story.Diff[any](t, "priority", len("Host(`example.com`) && PathPrefix(`/foo`)"), priority(r))
	})
	t.Run("the HTTP-01 solver of cert-manager wins from the root", func(t *testing.T) {
		solver := len("Host(`example.com`) && Path(`/.well-known/acme-challenge/token`)")
		if p := priority(prefix("example.com", "/")); p >= solver {
			t.Errorf("priority %d hides the solver's %d", p, solver)
		}
	})
	t.Run("the default backend comes last, but for that of an Ingress", func(t *testing.T) {
		least := min(priority(prefix("", "/")), priority(prefix("*.io", "/")), priority(prefix("a", "/")))
		if defaultPriority >= least || defaultPriority <= math.MinInt32 {
			t.Errorf("priority %d is not between %d and %d", defaultPriority, math.MinInt32, least)
		}
	})
	t.Run("0, which means Traefik's default, never comes out", func(t *testing.T) {
		for _, host := range []string{"", "*.io", "a"} {
			for n := range 512 {
				if priority(exact(host, "/"+strings.Repeat("a", n))) == 0 {
					t.Errorf("host %q with a path of %d characters has priority 0", host, n+1)
				}
			}
		}
	})
}
