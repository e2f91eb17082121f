// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// KIC makes of Exact /foo the regular expression /foo$, and of Prefix /foo the prefix
// /foo/ and the regular expression /foo$, without escaping anything
// (internal/dataplane/translator/subtranslator/ingress.go, PathsFromIngressPaths). With
// Kong's router flavor "expressions" it compares the strings instead (ingress_atc.go
// there, pathMatcherFromIngressPath), so that escaping here would be wrong as well.

// literal paths have no character but the dot that means something in a regular
// expression. "%" is left out because the flavors differ in what they decode (Kong
// kong/tools/uri.lua, normalize).
var literal = regexp.MustCompile(`^/[A-Za-z0-9/._~!&,;=:@-]*$`)

// regexPrefix begins a path that KIC takes for a regular expression, whatever its type
// (ingress.go there, MaybePrependRegexPrefix).
const regexPrefix = "/~"

// implementationSpecific is the type of a path that KIC hands to Kong as it is: a
// prefix of strings.
const implementationSpecific v1alpha1.PathType = "ImplementationSpecific"

// checkPaths refuses what Kong would compare otherwise than it is written. Kong removes
// "//", "/./" and "/../" from a request's path (kong/tools/uri.lua, normalize).
func checkPaths(all []providers.Route) field.ErrorList {
	errs := routes.CheckNormalized(all)
	for _, r := range all {
		at := r.Field.Child("path")
		switch {
		case !literal.MatchString(r.Path):
			errs = append(errs, field.Invalid(at, r.Path,
				"holds '$', '(', ')', '*', '+' or '%', which Kong may take for a regular expression or decode: "+
					"route a path without them"))
		case strings.HasPrefix(r.Path, regexPrefix):
			errs = append(errs, field.Invalid(at, r.Path,
				"is a regular expression for Kong, because it begins with '/~': route a path that does not"))
		}
	}
	return errs
}

// distinctPaths takes the regular expression /foo$ away from a Prefix where the user
// has an Exact path for it: there would be two, and nothing says which of them wins.
func distinctPaths(all []providers.Route) []providers.Route {
	out := slices.Clone(all)
	for i, r := range out {
		elements := routes.Elements(r.Path)
		if r.PathType != v1alpha1.PathTypeExact && routes.Exact(routes.OfHost(all, r.Host))[elements] {
			out[i].PathType, out[i].Path = implementationSpecific, elements+"/"
		}
	}
	return out
}

// dottedPath is the first path that becomes a regular expression with a dot in it.
func dottedPath(all []providers.Route) (string, bool) {
	i := slices.IndexFunc(all, func(r providers.Route) bool {
		return r.PathType != implementationSpecific && strings.Contains(r.Path, ".")
	})
	if i < 0 {
		return "", false
	}
	return all[i].Path, true
}
