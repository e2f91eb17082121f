// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/meshingress/meshingress/providers"
)

// refusedPath is what the CRD refuses in the path of a match, of what a MeshIngress
// may hold (config/crd/standard, rules of spec.rules[].matches[].path).
var refusedPath = regexp.MustCompile(`//|/\.\.?(/|$)|%2[fF]`)

func checkPaths(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	for _, r := range in.Routes {
		if refusedPath.MatchString(r.Path) {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path,
				"the Gateway API refuses '//', '/./', '/../' and '%2F' in a path: write it without them"))
		}
	}
	return errs
}

// checkBackendHeaders refuses several backends where each needs the header and the
// implementation does not say that it can set one for each. A rule's header would send
// the requests of all to one.
func (s Surroundings) checkBackendHeaders(in providers.Input) field.ErrorList {
	has := s.feature(features.SupportHTTPRouteBackendRequestHeaderModification)
	if !header(in) || has == supported {
		return nil
	}
	why := "which its GatewayClass does not list in status.supportedFeatures"
	if s.GatewayClass == nil {
		why = "and its GatewayClass, which would say so, was not found"
	}
	var errs field.ErrorList
	for _, r := range in.Routes {
		if len(r.Backends) > 1 {
			errs = append(errs, field.Invalid(r.Field.Child("backends"), len(r.Backends), fmt.Sprintf(
				"in header routing the Gateway must set a header for each backend (%s), %s: keep one backend",
				features.SupportHTTPRouteBackendRequestHeaderModification, why)))
		}
	}
	return errs
}
