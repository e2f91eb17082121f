// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// validPath is what the admission webhook accepts of an Exact or Prefix path while
// strict-validate-path-type is on, as it is by default since controller-v1.12.0
// (internal/ingress/inspector/rules.go, validPathType; written out for ASCII).
var validPath = regexp.MustCompile(`^/[A-Za-z0-9._/-]*$`)

// suspectPath is what the deep inspector, on by default, takes for an attack: the
// webhook refuses the Ingress, and the controller ignores it
// (internal/ingress/inspector/rules.go, invalidRegex; the rest of it needs
// characters that validPath excludes).
var suspectPath = regexp.MustCompile(
	`/etc/(passwd|shadow|group|nginx|ingress-controller)|/var/run/secrets|_by_lua`)

func checkPaths(all []providers.Route) field.ErrorList {
	var errs field.ErrorList
	for _, r := range all {
		if remedy := refusePath(r.Path); remedy != "" {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path, remedy))
		}
	}
	return errs
}

func refusePath(path string) string {
	switch {
	case !validPath.MatchString(path):
		return "must begin with '/' and hold only letters, digits and '/._-': ingress-nginx refuses other characters"
	case suspectPath.MatchString(path):
		return "must not contain " + suspectPath.FindString(path) + ": ingress-nginx takes it for an attack"
	case ingresses.Ambiguous(path):
		return "must not contain '//', '/./' or '/../', nor end in '/.' or '/..': Kubernetes refuses it in an Ingress"
	}
	return ""
}

// checkHeaderVariables refuses two backends for one path of a host. The variables
// that the header is made of are looked up by path alone, so that the Exact and
// the Prefix path of one Ingress get the first one's Service
// (internal/ingress/controller/template/template.go, getIngressInformation).
func checkHeaderVariables(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	first := map[string]providers.Backend{}
	for _, r := range append(impliedRoots(in), in.Routes...) {
		b := r.Backends[0]
		key := fmt.Sprintf("%s%s %t", r.Host, r.Path, b.H2C)
		other, seen := first[key]
		if !seen {
			first[key] = b
		} else if !routes.SamePort(b, other) {
			errs = append(errs, ambiguousHeader(r, other))
		}
	}
	return errs
}

// impliedRoots are the Prefix / of hosts that leave it to the default backend and
// have an Exact / of their own.
func impliedRoots(in providers.Input) []providers.Route {
	var implied []providers.Route
	for _, r := range in.Routes {
		if in.Default != nil && r.Path == "/" && !routes.ServesAll(in.Routes, r.Host) {
			implied = append(implied, routes.Default(in, r.Host))
		}
	}
	return implied
}

func ambiguousHeader(r providers.Route, other providers.Backend) *field.Error {
	return field.Invalid(r.Field.Child("path"), strings.TrimSpace(r.Host+" "+r.Path), fmt.Sprintf(
		"goes to %s:%d with another pathType, and ingress-nginx has one header for both: "+
			"use one backend, or set spec.routing of the class to ClusterIP", other.Service, other.Port))
}
