// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import (
	"fmt"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Registry holds the providers of a program.
type Registry struct {
	byVendor map[v1alpha1.Vendor]Provider
	ordered  []Provider
}

// NewRegistry returns a Registry of providers. Two for one vendor are an error.
func NewRegistry(ps ...Provider) (*Registry, error) {
	r := &Registry{byVendor: make(map[v1alpha1.Vendor]Provider, len(ps)), ordered: ps}
	for _, p := range ps {
		v := p.Describe().Vendor
		if _, dup := r.byVendor[v]; dup {
			return nil, fmt.Errorf("two providers for vendor %s", v)
		}
		r.byVendor[v] = p
	}
	return r, nil
}

// Get returns the provider of a vendor, if there is one.
func (r *Registry) Get(v v1alpha1.Vendor) (Provider, bool) {
	p, ok := r.byVendor[v]
	return p, ok
}

// All returns the providers in the order of registration.
func (r *Registry) All() []Provider { return r.ordered }

// Served returns what has to be known of the API server: every kind of every
// provider, and every field that one of them needs, without repetition.
func (r *Registry) Served() []Kind {
	kinds := r.Kinds()
	for _, p := range r.ordered {
		kinds = append(kinds, p.Describe().Needs()...)
	}
	return distinct(kinds)
}

// Kinds returns every kind of every provider, without repetition.
func (r *Registry) Kinds() []Kind {
	seen := map[Kind]bool{}
	var kinds []Kind
	for _, p := range r.ordered {
		for _, k := range p.Describe().Kinds() {
			if !seen[k] {
				seen[k] = true
				kinds = append(kinds, k)
			}
		}
	}
	return kinds
}
