// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package notices

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// ReasonWildcardHostIsDeep is the Reason of the notice that "*." stands for more than one
// label.
const ReasonWildcardHostIsDeep = "WildcardHostIsDeep"

// WildcardHostIsDeep tells, for a vendor that takes a.b.example.com for *.example.com,
// of the first such host; nil where there is none. The title is that of the vendor in
// the middle of a sentence.
func WildcardHostIsDeep(title string, routes []providers.Route) []v1alpha1.Notice {
	i := slices.IndexFunc(routes, func(r providers.Route) bool { return strings.HasPrefix(r.Host, "*.") })
	if i < 0 {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonWildcardHostIsDeep,
		Message: fmt.Sprintf("In %s the host %s takes names of more than one label below it too.",
			title, routes[i].Host),
	}}
}

// AndMore is the first of names, of which there must be one, and how many more there
// are: "a.example.com and 2 more".
func AndMore(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
}
