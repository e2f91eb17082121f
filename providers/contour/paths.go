// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"path"
	"strings"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// conditions returns one condition for each HTTPProxy route that a route needs.
//
// Contour's prefix is one of strings: /foo matches /foobar too
// (internal/dag/conditions.go, mergePathMatchConditions leaves PrefixMatchType at
// PrefixMatchString; internal/envoy/v3/route.go, PathRouteMatch). Ours is one of
// path elements, so it becomes exact /foo and prefix /foo/. Contour sorts exact
// before prefix and longer before shorter (internal/sorter/sorter.go), whatever
// the order written.
//
// The exact half is left out where the user has an Exact route for the same path:
// of two routes with the same conditions Contour keeps only the last
// (internal/dag/dag.go, VirtualHost.AddRoute).
func conditions(r providers.Route, taken map[string]bool) []contourv1.MatchCondition {
	if r.PathType == v1alpha1.PathTypeExact {
		return []contourv1.MatchCondition{{Exact: r.Path}}
	}
	elements := pathElements(r.Path)
	if elements == "" {
		return []contourv1.MatchCondition{{Prefix: "/"}}
	}
	below := contourv1.MatchCondition{Prefix: elements + "/"}
	if taken[elements] {
		return []contourv1.MatchCondition{below}
	}
	return []contourv1.MatchCondition{{Exact: elements}, below}
}

// pathElements is a Prefix path without the slash at its end, which does not count
// in networking.k8s.io/v1 either. The root is empty.
func pathElements(p string) string { return strings.TrimSuffix(p, "/") }

// exactPaths are the paths of the routes that match exactly.
func exactPaths(routes []providers.Route) map[string]bool {
	exact := map[string]bool{}
	for _, r := range routes {
		if r.PathType == v1alpha1.PathTypeExact {
			exact[r.Path] = true
		}
	}
	return exact
}

// checkPaths checks the paths of the routes of one host.
func checkPaths(routes []providers.Route) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for _, r := range routes {
		at := r.Field.Child("path")
		if !normalized(r.Path) {
			errs = append(errs, field.Invalid(at, r.Path,
				"matches no request, because Envoy removes '//', '/./' and '/../' from a request's path: write it without them"))
		}
		if r.PathType == v1alpha1.PathTypeExact {
			continue
		}
		elements := pathElements(r.Path)
		if seen[elements] {
			errs = append(errs, duplicate(at, r.Path,
				"a Prefix with and without a slash at its end is the same: remove one of the two"))
		}
		seen[elements] = true
	}
	return errs
}

// normalized reports whether Envoy leaves a request's path as it is. Contour has it
// resolve dot segments always (internal/envoy/v3/listener.go, NormalizePath) and
// merge slashes by default (disableMergeSlashes in pkg/config/parameters.go), and
// merges them in conditions itself.
func normalized(p string) bool {
	clean := path.Clean(p)
	return !strings.Contains(p, "//") && (p == clean || p == clean+"/")
}

// duplicate is field.Duplicate with a remedy.
func duplicate(at *field.Path, value any, detail string) *field.Error {
	err := field.Duplicate(at, value)
	err.Detail = detail
	return err
}
