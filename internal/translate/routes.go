// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// defaultKey stands for the route of a default backend.
const defaultKey = "the default backend"

// routeKey names a route for people and for comparison. Prefixes that differ in a
// last slash match the same requests.
func routeKey(host string, p v1alpha1.Path) string {
	path, pathType := p.Path, orDefault(p.PathType, v1alpha1.PathTypePrefix)
	if pathType == v1alpha1.PathTypePrefix && path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	return fmt.Sprintf("%s%s (%s)", orDefault(host, "*"), path, pathType)
}

// RouteKeys returns what a MeshIngress claims of its class, for finding others
// that claim the same: its routes and its hosts.
func RouteKeys(mi *v1alpha1.MeshIngress) []string {
	keys := claims(mi)
	maps.Copy(keys, hostClaims(mi))
	return slices.Sorted(maps.Keys(keys))
}

func hostClaims(mi *v1alpha1.MeshIngress) map[string]*field.Path {
	keys := map[string]*field.Path{}
	for i, rule := range mi.Spec.Rules {
		keys[orDefault(rule.Host, "*")] = field.NewPath("spec", "rules").Index(i).Child("host")
	}
	claimDefault(keys, mi)
	return keys
}

func claims(mi *v1alpha1.MeshIngress) map[string]*field.Path {
	keys := map[string]*field.Path{}
	for i, rule := range mi.Spec.Rules {
		for j, p := range rule.Paths {
			keys[routeKey(rule.Host, p)] = field.NewPath("spec", "rules").Index(i).Child("paths").Index(j)
		}
	}
	claimDefault(keys, mi)
	return keys
}

func claimDefault(keys map[string]*field.Path, mi *v1alpha1.MeshIngress) {
	if mi.Spec.DefaultBackend != nil {
		keys[defaultKey] = field.NewPath("spec", "defaultBackend")
	}
}

// checkSiblings finds routes that an older MeshIngress of the class has already:
// served twice, they would go wherever the vendor's order takes them. For some
// vendors a whole host can be served once only.
func checkSiblings(mi *v1alpha1.MeshIngress, siblings []*v1alpha1.MeshIngress, exclusiveHosts bool) field.ErrorList {
	claims := claims
	if exclusiveHosts {
		claims = hostClaims
	}
	mine := claims(mi)
	taken := map[string]*v1alpha1.MeshIngress{}
	for _, s := range siblings {
		if !older(s, mi) {
			continue
		}
		for key := range claims(s) {
			if _, claimed := mine[key]; claimed && (taken[key] == nil || older(s, taken[key])) {
				taken[key] = s
			}
		}
	}
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(taken)) {
		errs = append(errs, field.Invalid(mine[key], key, fmt.Sprintf(
			"is served by the older MeshIngress %s/%s: remove it from one of them", taken[key].Namespace, taken[key].Name)))
	}
	return errs
}

// older orders MeshIngresses by age, then by name, so that one of two always wins.
func older(a, b *v1alpha1.MeshIngress) bool {
	if a.Namespace == b.Namespace && a.Name == b.Name {
		return false
	}
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name)) < 0
}

// routeStatus lists the destinations of an input.
func routeStatus(in providers.Input) []v1alpha1.RouteStatus {
	var routes []v1alpha1.RouteStatus
	add := func(host, path string, pathType v1alpha1.PathType, b providers.Backend) {
		routes = append(routes, v1alpha1.RouteStatus{
			Host: host, Path: path, PathType: pathType,
			Destination: b.Destination(in.ClusterDomain), Strategy: in.Strategy.Strategy,
		})
	}
	for _, r := range in.Routes {
		for _, b := range r.Backends {
			add(r.Host, r.Path, r.PathType, b)
		}
	}
	if in.Default != nil {
		add("", "", "", *in.Default)
	}
	return routes
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// Services returns the Services that a MeshIngress names, each once, sorted.
func Services(mi *v1alpha1.MeshIngress) []types.NamespacedName {
	seen := map[types.NamespacedName]bool{}
	add := func(ref v1alpha1.ServiceBackend) {
		seen[types.NamespacedName{Namespace: orDefault(ref.Namespace, mi.Namespace), Name: ref.Name}] = true
	}
	for _, rule := range mi.Spec.Rules {
		for _, p := range rule.Paths {
			for _, b := range p.Backends {
				add(b.Service)
			}
		}
	}
	if d := mi.Spec.DefaultBackend; d != nil {
		add(d.Service)
	}
	if a := mi.Spec.ExternalAuth; a != nil {
		add(a.Service)
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b types.NamespacedName) int {
		return cmp.Compare(a.String(), b.String())
	})
}
