// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

func meshIngressAcceptances() []acceptance[*v1alpha1.MeshIngress] {
	cases := []acceptance[*v1alpha1.MeshIngress]{
		{"every part of the spec", func(*v1alpha1.MeshIngress) {}},
		{"a default backend alone", func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules = nil }},
		{"rules alone", func(mi *v1alpha1.MeshIngress) { mi.Spec.DefaultBackend = nil }},
		{"no class", builders.WithClass("")},
		{"every host", host("")},
		{"a wildcard", host("*.example.com")},
		{"a host of one label", host("localhost")},
		{"a host with digits and hyphens", host("1-a.b2.example.com")},
		{"the longest host", host(strings.Repeat("a.", 126) + "a")},
		{"all characters that a path may hold", path("/aZ09/._~!$&()*+,;=:@-%2F%aB")},
		{"the longest path", path("/" + strings.Repeat("a", 511))},
		{"a path with both types", builders.WithPath("example.com", "/", v1alpha1.PathTypeExact, builders.Backend("web-svc", 80))},
		{"a path under two hosts", builders.WithRule("example.org", "/", "web-svc", 80)},
		{"a weight of zero beside the highest", backends(
			builders.WeightedBackend("a", 80, 0), builders.WeightedBackend("b", 80, 1000000))},
		{"a weight of zero beside none", backends(builders.WeightedBackend("a", 80, 0), builders.Backend("b", 80))},
		{"16 backends", backends(make17()[1:]...)},
		{"32 hosts", func(mi *v1alpha1.MeshIngress) { addHosts(mi, 32) }},
		{"64 paths", func(mi *v1alpha1.MeshIngress) { addPaths(mi, 64) }},
		{"a certificate for a wildcard", tlsHost("*.example.com")},
		{"a certificate without hosts", func(mi *v1alpha1.MeshIngress) { mi.Spec.TLS[0].Hosts = nil }},
		{"a Secret name with dots", secret("web.example.com")},
		{"a path of the question", verifyPath("/oauth2/auth_v1.0~x-y")},
		{"the longest label value", func(mi *v1alpha1.MeshIngress) {
			mi.Spec.Template.Labels = map[string]string{strings.Repeat("a", 316): strings.Repeat("a", 63)}
		}},
		{"the longest annotation", func(mi *v1alpha1.MeshIngress) {
			mi.Spec.Template.Annotations = map[string]string{strings.Repeat("a", 316): strings.Repeat("a", 4096)}
		}},
		{"orphans", builders.WithDeletionPolicy(v1alpha1.DeletionOrphan)},
	}
	cases = append(cases, authorizationAcceptances()...)
	for place, get := range servicePlaces() {
		cases = append(cases,
			acceptance[*v1alpha1.MeshIngress]{"a port by name at " + place, func(mi *v1alpha1.MeshIngress) {
				get(mi).Port = v1alpha1.ServicePort{Name: "h2c-1"}
			}},
			acceptance[*v1alpha1.MeshIngress]{"the highest port at " + place, func(mi *v1alpha1.MeshIngress) {
				get(mi).Port = v1alpha1.ServicePort{Number: 65535}
			}},
			acceptance[*v1alpha1.MeshIngress]{"another namespace at " + place, func(mi *v1alpha1.MeshIngress) {
				get(mi).Namespace = "1-other"
			}},
		)
	}
	return cases
}
