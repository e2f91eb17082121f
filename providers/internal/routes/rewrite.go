// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"slices"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Expand writes each route as those that its Matches are, for a vendor whose prefix is
// one of strings.
func Expand(all []providers.Route) []providers.Route {
	var out []providers.Route
	for _, r := range all {
		out = append(out, Literal(r, Exact(OfHost(all, r.Host)))...)
	}
	return out
}

// Literal writes one route as those that its Matches are.
func Literal(r providers.Route, taken map[string]bool) []providers.Route {
	var out []providers.Route
	for _, m := range Matches(r, taken) {
		r.Path, r.PathType = m.Prefix, v1alpha1.PathTypePrefix
		if m.Exact != "" {
			r.Path, r.PathType = m.Exact, v1alpha1.PathTypeExact
		}
		out = append(out, r)
	}
	return out
}

// Default is the default backend as a route of a host: the prefix "/". There must be
// one.
func Default(in providers.Input, host string) providers.Route {
	return providers.Route{
		Host: host, Path: "/", PathType: v1alpha1.PathTypePrefix,
		Backends: []providers.Backend{*in.Default}, Field: in.Default.Field,
	}
}

// WithDefault is the routes, and behind them the default backend as a route of each of
// hosts that has none of its own for everything; see ServesAll. For a vendor that has no
// default backend, or takes the host first and then does not ask for it.
func WithDefault(in providers.Input, hosts ...string) []providers.Route {
	all := slices.Clone(in.Routes)
	if in.Default == nil {
		return all
	}
	for _, host := range hosts {
		if !ServesAll(all, host) {
			all = append(all, Default(in, host))
		}
	}
	return all
}
