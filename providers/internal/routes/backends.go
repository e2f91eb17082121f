// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"slices"

	"github.com/meshingress/meshingress/providers"
)

// SameService reports whether two backends are of one Service.
func SameService(a, b providers.Backend) bool {
	return a.Namespace == b.Namespace && a.Service == b.Service
}

// SamePort reports whether two backends are one port of one Service.
func SamePort(a, b providers.Backend) bool { return SameService(a, b) && a.Port == b.Port }

// Distinct keeps the first of backends that are the same, in their order.
func Distinct(backends []providers.Backend, same func(a, b providers.Backend) bool) []providers.Backend {
	var out []providers.Backend
	for _, b := range backends {
		if !slices.ContainsFunc(out, func(other providers.Backend) bool { return same(other, b) }) {
			out = append(out, b)
		}
	}
	return out
}

// Merged adds up the weights of backends of a route that are one port of one Service,
// for vendors that take the second of them for another thing, or for none.
func Merged(backends []providers.Backend) []providers.Backend {
	out := Distinct(backends, SamePort)
	for i := range out {
		out[i].Weight = 0
		for _, b := range backends {
			if SamePort(out[i], b) {
				out[i].Weight += b.Weight
			}
		}
	}
	return out
}
