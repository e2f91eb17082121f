// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package override

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// Is reports whether a name is that of the header, in whatever case.
func Is(name string) bool { return strings.EqualFold(name, linkerd.OverrideHeader) }

// CheckDestinations refuses backends whose destination would not arrive as written: one
// with a character that the vendor, its configuration or Linkerd reads as more than
// itself.
func CheckDestinations(in providers.Input, notLiteral string) field.ErrorList {
	var errs field.ErrorList
	for _, b := range in.AllBackends() {
		if to := b.Destination(in.ClusterDomain); strings.ContainsAny(to, notLiteral) {
			errs = append(errs, field.Invalid(b.Field, to, fmt.Sprintf(
				"cannot be the value of %s: correct the Service's name or Linkerd's cluster domain", linkerd.OverrideHeader)))
		}
	}
	return errs
}
