// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/kong"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestExposedRoutes(t *testing.T) {
	const (
		rules        = "rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]"
		public       = "kubernetes.io/ingress.class: public"
		other, empty = "kubernetes.io/ingress.class: x", "kubernetes.io/ingress.class: ''"
		fallback     = "defaultBackend: {service: {name: a, port: {number: 80}}}"
		ingress      = "apiVersion: networking.k8s.io/v1, kind: Ingress"
		tcp          = "apiVersion: configuration.konghq.com/v1beta1, kind: TCPIngress"
	)
	tests := map[string]struct {
		class, kind, annotations, spec string
		want                           bool
	}{
		"of the class":           {"public", ingress, "", "ingressClassName: public, " + rules, true},
		"of another class":       {"public", ingress, "", "ingressClassName: internal, " + rules, false},
		"with a default backend": {"public", ingress, "", "ingressClassName: public, " + fallback, true},
		"without a backend":      {"public", ingress, "", "ingressClassName: public, rules: [{host: a.test}]", false},
		"with plugins, of which one may strip it": {
			"public", ingress, "konghq.com/plugins: strip", "ingressClassName: public, " + rules, true,
		},
		"by the annotation":      {"public", ingress, public, rules, true},
		"the annotation wins":    {"public", ingress, other, "ingressClassName: public, " + rules, false},
		"an empty one does not":  {"public", ingress, empty, "ingressClassName: public, " + rules, true},
		"no class":               {"public", ingress, "", rules, false},
		"no class, named kong":   {"kong", ingress, "", rules, true},
		"TCP":                    {"public", tcp, public, "rules: [{port: 9000}]", true},
		"TCP of another class":   {"public", tcp, other, "rules: [{port: 9000}]", false},
		"TCP has no class field": {"public", tcp, "", "ingressClassName: public, rules: [{port: 9000}]", false},
		"no route at all":        {"public", "apiVersion: v1, kind: ConfigMap", public, rules, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			obj := story.Object(t, "{"+tc.kind+", metadata: {annotations: {"+tc.annotations+"}}, spec: {"+tc.spec+"}}")
			story.Diff(t, "exposed", tc.want, kong.New().Exposed(providers.Class{IngressClassName: tc.class}, obj))
		})
	}
}
