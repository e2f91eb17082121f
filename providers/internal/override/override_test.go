// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package override_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/override"
)

func TestIs(t *testing.T) {
	for name, want := range map[string]bool{
		"l5d-dst-override": true, "L5d-Dst-Override": true, "l5d_dst_override": false, "l5d-dst-override ": false, "": false,
	} {
		if got := override.Is(name); got != want {
			t.Errorf("%q: got %t", name, got)
		}
	}
}

func TestCheckDestinations(t *testing.T) {
	backend := func(service string) providers.Backend {
		return providers.Backend{Namespace: "shop", Service: service, Port: 80, Field: field.NewPath(service)}
	}
	cases := map[string]struct {
		in   providers.Input
		want []string
	}{
		"plain": {
			in: providers.Input{Routes: []providers.Route{{Backends: []providers.Backend{backend("web")}}}, ClusterDomain: "cluster.local"},
		},
		"a Service of many": {
			in: providers.Input{
				Routes:        []providers.Route{{Backends: []providers.Backend{backend("web"), backend("a%b")}}},
				ClusterDomain: "cluster.local",
			},
			want: []string{"a%b"},
		},
		"the default backend's": {
			in:   providers.Input{Default: new(backend("a%b")), ClusterDomain: "cluster.local"},
			want: []string{"a%b"},
		},
		"the cluster domain": {
			in:   providers.Input{Routes: []providers.Route{{Backends: []providers.Backend{backend("web")}}}, ClusterDomain: "%x"},
			want: []string{"web"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range override.CheckDestinations(tc.in, "%") {
				if err.Type != field.ErrorTypeInvalid || err.Detail == "" {
					t.Errorf("error: %v", err)
				}
				got = append(got, err.Field)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("fields with errors (-want +got):\n%s", diff)
			}
		})
	}
}
