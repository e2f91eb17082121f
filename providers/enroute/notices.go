// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute

import (
	"fmt"
	"slices"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/notices"
)

// tell where EnRoute takes more requests than the MeshIngress says.
func tell(in providers.Input) []v1alpha1.Notice {
	var all []v1alpha1.Notice
	if i := slices.IndexFunc(in.Routes, func(r providers.Route) bool { return prefix(r.Path) != "/" }); i >= 0 {
		path := prefix(in.Routes[i].Path)
		all = append(all, v1alpha1.Notice{
			Reason: ReasonPrefixOfText,
			Message: fmt.Sprintf("EnRoute compares the text of a prefix, so %s takes requests to %s-other too: where that "+
				"matters, give such paths a route of their own.", path, path),
		})
	}
	return append(all, notices.WildcardHostIsDeep("EnRoute", in.Routes)...)
}
