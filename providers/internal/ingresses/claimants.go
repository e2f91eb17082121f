// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses

import (
	"cmp"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/providers"
)

// Claimant is an Ingress among those of which a controller lets the older decide.
type Claimant struct {
	*networkingv1.Ingress

	// Ours was generated for the MeshIngress.
	Ours bool

	// since is when it was created; nil where it is not in the cluster yet.
	since *metav1.Time
}

// Claimants are the planned Ingresses of a MeshIngress and those of others that served
// takes, the oldest first, as the controller will see them: what is not in the cluster
// yet will be the youngest. Where the age is the same, byName compares the names.
func Claimants(
	in providers.Input, planned []*networkingv1.Ingress, served func(*networkingv1.Ingress) bool,
	byName func(a, b string) int,
) []Claimant {
	var all []Claimant
	for _, ing := range Others(in) {
		if served(ing) {
			all = append(all, Claimant{Ingress: ing, since: &ing.CreationTimestamp})
		}
	}
	created := map[string]*metav1.Time{}
	for _, ing := range Ours(in) {
		created[ing.Name] = &ing.CreationTimestamp
	}
	for _, ing := range planned {
		all = append(all, Claimant{Ingress: ing, Ours: true, since: created[ing.Name]})
	}
	slices.SortFunc(all, func(a, b Claimant) int { return cmp.Or(a.compareAge(b), byName(a.Name, b.Name)) })
	return all
}

func (c Claimant) compareAge(other Claimant) int {
	switch {
	case c.since == nil && other.since == nil:
		return 0
	case c.since == nil:
		return 1
	case other.since == nil:
		return -1
	default:
		return c.since.Compare(other.since.Time)
	}
}
