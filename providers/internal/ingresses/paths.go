// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// ambiguous is what the API server refuses in a path of type Exact or Prefix
// (kubernetes/kubernetes pkg/apis/networking/validation/validation.go v1.36.3,
// invalidPathSequences and invalidPathSuffixes).
var ambiguous = regexp.MustCompile(`//|/\.\.?/|/\.\.?$|%2[fF]`)

// Ambiguous reports whether the API server refuses a path in an Ingress.
func Ambiguous(path string) bool { return ambiguous.MatchString(path) }

// CheckPaths refuses paths that the API server does not take in an Ingress, and two
// Prefix paths of a host that differ in a slash at their end only: they are the same.
func CheckPaths(all []providers.Route) field.ErrorList {
	var errs field.ErrorList
	for _, r := range all {
		if Ambiguous(r.Path) {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path, "must hold neither '//', '/./', '/../' nor '%2f', "+
				"nor end in '/.' or '/..': Kubernetes refuses it in an Ingress"))
		}
	}
	for _, host := range routes.Hosts(all) {
		errs = append(errs, routes.CheckSlashes(routes.OfHost(all, host))...)
	}
	return errs
}
