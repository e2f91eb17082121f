// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// foreign is a route of others: of the class by annotation or by field, where
// they are set, to the Services named.
func foreign(k providers.Kind, annotation, className string, services ...string) *unstructured.Unstructured {
	var annotations map[string]string
	if annotation != "" {
		annotations = map[string]string{"kubernetes.io/ingress.class": annotation}
	}
	u := objects.New(k, "shop", "theirs", nil, annotations)
	refs := make([]any, len(services))
	for i, s := range services {
		refs[i] = map[string]any{"name": s}
	}
	spec := map[string]any{"routes": []any{map[string]any{"match": "PathPrefix(`/`)", "services": refs}}}
	if className != "" {
		spec["ingressClassName"] = className
	}
	u.Object["spec"] = spec
	return u
}

func TestExposed(t *testing.T) {
	route, old, ingress := ingressRouteKind(groupIO), ingressRouteKind(groupContainous), providers.KindIngress
	for name, c := range map[string]struct {
		class string
		obj   *unstructured.Unstructured
		want  bool
	}{
		"annotation of the class":                {"public", foreign(route, "public", "", "front"), true},
		"annotation of the class, old group":     {"public", foreign(old, "public", "", "front"), true},
		"annotation of another class":            {"public", foreign(route, "other", "", "front"), false},
		"field of the class":                     {"public", foreign(route, "", "public", "front"), true},
		"field wins over the annotation":         {"public", foreign(route, "public", "other", "front"), false},
		"no class, Traefik has one":              {"public", foreign(route, "", "", "front"), false},
		"no class, Traefik may have none":        {"traefik", foreign(route, "", "", "front"), true},
		"another class, Traefik may have none":   {"traefik", foreign(route, "other", "", "front"), false},
		"Ingress of the class":                   {"public", foreign(ingress, "", "public"), true},
		"Ingress of the class by annotation":     {"public", foreign(ingress, "public", ""), true},
		"Ingress of another class":               {"traefik", foreign(ingress, "", "nginx"), false},
		"Ingress without class":                  {"traefik", foreign(ingress, "", ""), true},
		"Traefik's own Services lead nowhere":    {"traefik", foreign(route, "", "", "api@internal"), false},
		"one Service that leads out is enough":   {"traefik", foreign(route, "", "", "api@internal", "front"), true},
		"a route without Services leads nowhere": {"traefik", foreign(route, "", ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			story.Diff[any](t, "exposed", c.want, New().Exposed(providers.Class{IngressClassName: c.class}, c.obj))
		})
	}
}
