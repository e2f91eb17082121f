// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefikv1

import (
	"regexp"
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// plain is a path that means itself in a rule. There "," separates paths, ";" rules,
// ":" ends a rule's name and is squeezed where it is doubled, and braces hold regular
// expressions (rules/rules.go, parseRules and buildPath). The rule is compared with the
// decoded path of a request, so that "%" would match nothing.
var plain = regexp.MustCompile(`^/[A-Za-z0-9/._~!$&()*+=@-]*$`)

func checkRules(routes []providers.Route) field.ErrorList {
	var errs field.ErrorList
	for _, r := range routes {
		if !plain.MatchString(r.Path) {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path,
				"must hold only letters, digits and '/._~!$&()*+=@-': other characters mean something in a rule of Traefik 1.x"))
		}
	}
	return errs
}

// pattern is a route's path as Traefik 1.x needs it: it knows no pathType, takes every
// path for a prefix of characters, so that /foo takes /foobar too
// (provider/kubernetes/kubernetes.go, getRuleForPath; rules/rules.go, prefixMatcher),
// and what is in braces for a regular expression without "^" and "$" (containous/mux
// regexp.go v0.0.0-20181024131434-c33f32e26898, newRouteRegexp). The rule Path is no
// way to an Exact path: it answers /foo/ with a redirect to /foo (server/server.go,
// StrictSlash).
func pattern(r providers.Route) (string, v1alpha1.PathType) {
	own := v1alpha1.PathType(networkingv1.PathTypeImplementationSpecific)
	switch {
	case r.PathType == v1alpha1.PathTypeExact:
		return r.Path + "{end:$}", own
	case routes.Elements(r.Path) == "":
		return "/", v1alpha1.PathTypePrefix
	default:
		return routes.Elements(r.Path) + "{end:$|/}", own
	}
}

// priority is what Traefik would give the rules of a route if its path were plain:
// the sum of their lengths, which a regular expression would make longer than those of
// others (server/server_configuration.go, buildServerRoute). Exact comes before
// Prefix. It is empty for "/", which is plain.
func priority(r providers.Route) string {
	length := len("Host:"+r.Host) + len("PathPrefix:"+r.Path)
	switch {
	case r.PathType == v1alpha1.PathTypeExact:
		return strconv.Itoa(length + 1)
	case routes.Elements(r.Path) == "":
		return ""
	default:
		return strconv.Itoa(len("Host:"+r.Host) + len("PathPrefix:"+routes.Elements(r.Path)))
	}
}

func priorityAnnotation(part string) map[string]string {
	if part == "" {
		return nil
	}
	return map[string]string{prefix + "priority": part}
}
