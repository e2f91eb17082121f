// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Hosts lists the hosts of routes, each once, in order of appearance.
func Hosts(routes []providers.Route) []string {
	var all []string
	for _, r := range routes {
		if !slices.Contains(all, r.Host) {
			all = append(all, r.Host)
		}
	}
	return all
}

// OfHost lists the routes of a host, in their order.
func OfHost(routes []providers.Route, host string) []providers.Route {
	return slices.DeleteFunc(slices.Clone(routes), func(r providers.Route) bool { return r.Host != host })
}

// Match is one condition on the path of a request, for a vendor whose prefix is one
// of strings: /foo matches /foobar too. One of its fields is set.
type Match struct{ Exact, Prefix string }

// Matches returns the matches that a route needs. A prefix of path elements becomes
// exact /foo and prefix /foo/; the root is one prefix. The exact half is left out
// where taken, of Exact, has a route of the user's own for it.
//
// The vendor must prefer exact to prefix and the longer prefix to the shorter.
func Matches(r providers.Route, taken map[string]bool) []Match {
	if r.PathType == v1alpha1.PathTypeExact {
		return []Match{{Exact: r.Path}}
	}
	elements := Elements(r.Path)
	if elements == "" {
		return []Match{{Prefix: "/"}}
	}
	below := Match{Prefix: elements + "/"}
	if taken[elements] {
		return []Match{below}
	}
	return []Match{{Exact: elements}, below}
}

// Elements is a Prefix path without the slash at its end, which does not count in
// networking.k8s.io/v1 either. The root is empty.
func Elements(p string) string { return strings.TrimSuffix(p, "/") }

// Exact are the paths of the routes that match exactly.
func Exact(routes []providers.Route) map[string]bool {
	exact := map[string]bool{}
	for _, r := range routes {
		if r.PathType == v1alpha1.PathTypeExact {
			exact[r.Path] = true
		}
	}
	return exact
}

// ServesAll reports whether a route takes whatever the others of a host leave, so
// that a default backend would get nothing of it.
func ServesAll(routes []providers.Route, host string) bool {
	return slices.ContainsFunc(routes, func(r providers.Route) bool {
		return r.Host == host && r.PathType != v1alpha1.PathTypeExact && Elements(r.Path) == ""
	})
}

// CheckNormalized refuses paths that no request has, for a vendor that removes "//",
// "/./" and "/../" from a request's path before it compares.
func CheckNormalized(routes []providers.Route) field.ErrorList {
	var errs field.ErrorList
	for _, r := range routes {
		if clean := path.Clean(r.Path); strings.Contains(r.Path, "//") || (r.Path != clean && r.Path != clean+"/") {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path,
				"matches no request, because '//', '/./' and '/../' are removed from a request's path: write it without them"))
		}
	}
	return errs
}

// CheckSlashes refuses, among the routes of one host, a Prefix with and one without a
// slash at its end: they are the same.
func CheckSlashes(routes []providers.Route) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for _, r := range routes {
		if r.PathType == v1alpha1.PathTypeExact {
			continue
		}
		elements := Elements(r.Path)
		if seen[elements] {
			errs = append(errs, Duplicate(r.Field.Child("path"), r.Path,
				"a Prefix with and without a slash at its end is the same: remove one of the two"))
		}
		seen[elements] = true
	}
	return errs
}

// Duplicate is field.Duplicate with a remedy.
func Duplicate(at *field.Path, value any, remedy string) *field.Error {
	err := field.Duplicate(at, value)
	err.Detail = remedy
	return err
}
