// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
)

// A vendor that has the protocol for a whole Ingress needs two, one that has it for
// each Service needs one.
func TestBackendsOfTwoProtocols(t *testing.T) {
	route := func(service string, h2c bool) providers.Route {
		return providers.Route{
			Host: "example.com", Path: "/" + service, PathType: v1alpha1.PathTypePrefix,
			Backends: []providers.Backend{{Namespace: "default", Service: service, Port: 80, Weight: 1, H2C: h2c}},
		}
	}
	in := providers.Input{
		Name: "web", Namespace: "default", Class: providers.Class{Name: "public", IngressClassName: "public"},
		Routes: []providers.Route{route("web", false), route("voting", true), route("api", false)},
	}
	for name, tc := range map[string]struct {
		style ingresses.Style
		want  int
	}{
		"apart":             {ingresses.Style{}, 2},
		"mixed":             {ingresses.Style{Mixed: true}, 1},
		"for each backend":  {ingresses.Style{PerBackend: true}, 3},
		"PerBackend counts": {ingresses.Style{PerBackend: true, Mixed: true}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(ingresses.Build(in, tc.style)); got != tc.want {
				t.Errorf("%d Ingresses, want %d", got, tc.want)
			}
		})
	}
}
