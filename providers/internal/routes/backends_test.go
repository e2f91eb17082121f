// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package routes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// someBackends are a Service with two ports, one of them twice, and its namesake.
func someBackends() []providers.Backend {
	return []providers.Backend{
		{Namespace: "shop", Service: "web", Port: 80, Weight: 1},
		{Namespace: "shop", Service: "web", Port: 8080, Weight: 2},
		{Namespace: "till", Service: "web", Port: 80, Weight: 4},
		{Namespace: "shop", Service: "web", Port: 80, Weight: 8},
	}
}

func TestDistinct(t *testing.T) {
	all := someBackends()
	if diff := cmp.Diff(all[:3], routes.Distinct(all, routes.SamePort)); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]providers.Backend{all[0], all[2]}, routes.Distinct(all, routes.SameService)); diff != "" {
		t.Errorf("Services (-want +got):\n%s", diff)
	}
}

func TestMerged(t *testing.T) {
	all := someBackends()
	want := someBackends()[:3]
	want[0].Weight = 9
	if diff := cmp.Diff(want, routes.Merged(all)); diff != "" {
		t.Errorf("backends (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(someBackends(), all); diff != "" {
		t.Errorf("what was given has changed (-want +got):\n%s", diff)
	}
}
