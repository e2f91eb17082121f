// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gce"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestObserve(t *testing.T) {
	for name, tc := range map[string]struct {
		object string
		want   providers.VerdictState
	}{
		"an Ingress without a load balancer yet": {
			`{apiVersion: networking.k8s.io/v1, kind: Ingress, status: {loadBalancer: {}}}`, providers.VerdictNone,
		},
		"an Ingress with its address": {
			`{apiVersion: networking.k8s.io/v1, kind: Ingress, status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}`,
			providers.VerdictAccepted,
		},
		"a BackendConfig": {`{apiVersion: cloud.google.com/v1, kind: BackendConfig}`, providers.VerdictAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "verdict", tc.want, gce.New().Observe(story.Object(t, tc.object)).State)
		})
	}
}
