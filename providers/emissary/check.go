// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// group is what makes Mappings one to Emissary, which then divides the requests among
// them (ir/irhttpmapping.py, _group_id).
type group struct {
	hostname, path string
	precedence     int64
}

// claim is a group that a route of the MeshIngress makes.
type claim struct {
	group
	field *field.Path
}

// checkGroups refuses routes that Mappings of others have already.
func (t *translation) checkGroups() field.ErrorList {
	taken := map[group]string{}
	for _, obj := range theirs(t.in, kindMapping) {
		if g, ok := foreignGroup(obj); ok {
			taken[g] = obj.GetNamespace() + "/" + obj.GetName()
		}
	}
	var errs field.ErrorList
	for _, c := range t.claims {
		if other, ok := taken[c.group]; ok {
			errs = append(errs, routes.Duplicate(c.field, c.hostname+c.path, fmt.Sprintf(
				"Mapping %s has this host and path already, and Emissary would divide the requests between the two: "+
					"remove one of them", other)))
		}
	}
	return errs
}

// foreignGroup is the group of a Mapping of others. Those with more conditions than
// host and path are of no group of ours, and a shadow gets copies of requests only.
func foreignGroup(obj *unstructured.Unstructured) (group, bool) {
	spec, _, _ := unstructured.NestedMap(obj.Object, "spec")
	for _, condition := range []string{
		"method", "headers", "regex_headers", "query_parameters", "regex_query_parameters", "host_regex", "shadow",
	} {
		if value, ok := spec[condition]; ok && value != false {
			return group{}, false
		}
	}
	g := group{hostname: text(obj, "hostname"), path: text(obj, "prefix")}
	if g.hostname == "" {
		g.hostname = text(obj, "host")
	}
	g.precedence, _, _ = unstructured.NestedInt64(obj.Object, "spec", "precedence")
	return g, g.hostname != ""
}

// checkHostOrder refuses paths of a wildcard host, or of every host, that would get
// requests to a host with rules of its own: Emissary compares precedence and length of
// the path before it looks at the host (ir/irhttpmapping.py, _route_weight).
func (t *translation) checkHostOrder() field.ErrorList {
	var errs field.ErrorList
	for _, general := range t.in.Routes {
		for _, host := range routes.Hosts(t.in.Routes) {
			if host == general.Host || !covers(hostname(general.Host), host) {
				continue
			}
			if loser, ok := t.loser(routes.OfHost(t.in.Routes, host), general); ok {
				errs = append(errs, field.Invalid(general.Field.Child("path"), general.Path, fmt.Sprintf(
					"would take requests from %s of the host %s, because Emissary looks at the path before the host: "+
						"add this path to the host %s, too", loser.Path, host, host)))
			}
		}
	}
	return errs
}

// loser is the first route of a host that a more general one would take requests from,
// where the host has no route like the general one.
func (t *translation) loser(ofHost []providers.Route, general providers.Route) (providers.Route, bool) {
	own := map[routes.Match]bool{}
	for _, r := range ofHost {
		for _, m := range routes.Matches(r, nil) {
			own[m] = true
		}
	}
	for _, m := range routes.Matches(general, nil) {
		g := t.groupOf(general.Host, m)
		for _, r := range ofHost {
			if !own[m] && slices.ContainsFunc(routes.Matches(r, nil), g.beats) {
				return r, true
			}
		}
	}
	return providers.Route{}, false
}

// beats reports whether Emissary tries the group before a match of a more special host
// that has the group's path below its own.
func (g group) beats(m routes.Match) bool {
	return m.Prefix != "" && strings.HasPrefix(g.path, m.Prefix) && (g.precedence > 0 || len(g.path) > len(m.Prefix))
}

// covers reports whether a glob matches all of a host.
func covers(glob, host string) bool {
	stem, ok := strings.CutPrefix(glob, "*")
	return ok && strings.HasSuffix(strings.TrimPrefix(host, "*"), stem)
}
