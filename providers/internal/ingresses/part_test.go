// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
)

func TestPartsOfABackendHaveIngressesOfTheirOwn(t *testing.T) {
	web := providers.Backend{Namespace: "default", Service: "web", Port: 80}
	in := providers.Input{Name: "web", Namespace: "default", Default: &web, Class: providers.Class{Name: "public"}}
	for _, path := range []string{"/", "/a", "/b", "/long"} {
		in.Routes = append(in.Routes, providers.Route{
			Path: path, PathType: v1alpha1.PathTypePrefix, Backends: []providers.Backend{web},
		})
	}
	built := ingresses.Build(in, ingresses.Style{
		PerBackend: true, DefaultWithRules: true,
		Part: func(r providers.Route) string {
			return map[string]string{"/": "", "/a": "short", "/b": "short", "/long": "long"}[r.Path]
		},
		PartAnnotations: func(part string) map[string]string { return map[string]string{"part": part} },
	})

	names := map[string]bool{}
	got := map[string][]string{}
	for _, obj := range built {
		names[obj.GetName()] = true
		ing, _ := ingresses.Decode(obj)
		for _, p := range ing.Spec.Rules[0].HTTP.Paths {
			got[ing.Annotations["part"]] = append(got[ing.Annotations["part"]], p.Path)
		}
		if hasDefault := ing.Spec.DefaultBackend != nil; hasDefault != (ing.Annotations["part"] == "") {
			t.Errorf("part %q: default backend = %t", ing.Annotations["part"], hasDefault)
		}
	}
	want := map[string][]string{"": {"/"}, "short": {"/a", "/b"}, "long": {"/long"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths by part (-want +got):\n%s", diff)
	}
	if len(names) != len(built) {
		t.Errorf("%d names for %d Ingresses", len(names), len(built))
	}
}
