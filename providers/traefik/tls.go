// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// noEntry is the index of no TLS entry.
const noEntry = -1

// tlsEntry finds the TLS entry of a host: one that lists it, else one whose
// wildcard covers it, else one without hosts, which is for all that is left. An
// empty host is that of routes for every host. The first of several wins.
func tlsEntry(entries []v1alpha1.TLS, host string) int {
	for _, covers := range []func(v1alpha1.TLS) bool{
		func(e v1alpha1.TLS) bool { return host != "" && slices.Contains(e.Hosts, host) },
		func(e v1alpha1.TLS) bool { return slices.Contains(e.Hosts, wildcardOf(host)) },
		func(e v1alpha1.TLS) bool { return len(e.Hosts) == 0 },
	} {
		if i := slices.IndexFunc(entries, covers); i >= 0 {
			return i
		}
	}
	return noEntry
}

// wildcardOf is the wildcard that covers a host.
func wildcardOf(host string) string {
	_, parent, _ := strings.Cut(host, ".")
	return "*." + parent
}

// checkTLS refuses entries that no route takes its certificate from: their hosts
// would be served without TLS, or not at all, and nothing would say so.
func checkTLS(entries []v1alpha1.TLS, used map[int]bool) field.ErrorList {
	var errs field.ErrorList
	for i, e := range entries {
		if !used[i] {
			errs = append(errs, field.Invalid(field.NewPath("spec", "tls").Index(i).Child("hosts"), e.Hosts,
				"no rule takes its certificate from this entry, and Traefik serves TLS by rule: "+
					"add a rule for one of these hosts, or remove the entry"))
		}
	}
	return errs
}
