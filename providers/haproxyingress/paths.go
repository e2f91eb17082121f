// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress

import (
	"strings"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// withoutPatterns spells the Prefix paths of wildcard hosts out. The controller makes
// regular expressions of them, and that of a Prefix has no end, so that /foo would take
// /foobar too (pkg/haproxy/types/maps.go, convertPathToRegex): an Exact path and a
// Prefix with a slash at its end say the same. Longer expressions go first (sort
// there), so that the more specific path wins.
func withoutPatterns(all []providers.Route) []providers.Route {
	var out []providers.Route
	for _, r := range all {
		if !strings.HasPrefix(r.Host, "*.") {
			out = append(out, r)
			continue
		}
		out = append(out, routes.Literal(r, routes.Exact(routes.OfHost(all, r.Host)))...)
	}
	return out
}
