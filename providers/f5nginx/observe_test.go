// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/f5nginx"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestObserveReadsTheState(t *testing.T) {
	tests := map[string]struct {
		status string
		want   providers.Verdict
	}{
		"nothing said yet": {"{}", providers.Verdict{}},
		"no state":         {"{state: ''}", providers.Verdict{}},
		"a state of another version": {
			"{state: Pending, message: wait}", providers.Verdict{},
		},
		"valid": {
			"{state: Valid, reason: AddedOrUpdated, message: 'Configuration for default/web was added or updated '}",
			providers.Verdict{State: providers.VerdictAccepted},
		},
		"another object has the host": {
			"{state: Warning, reason: Rejected, message: Host is taken by another resource}",
			providers.Verdict{State: providers.VerdictRejected, Message: "Host is taken by another resource"},
		},
		"served, but not as it should be": {
			"{state: Warning, reason: AddedOrUpdatedWithWarning, message: TLS secret web-tls is invalid}",
			providers.Verdict{State: providers.VerdictRejected, Message: "TLS secret web-tls is invalid"},
		},
		"invalid": {
			"{state: Invalid, reason: Rejected, message: 'VirtualServer default/web is invalid'}",
			providers.Verdict{State: providers.VerdictRejected, Message: "VirtualServer default/web is invalid"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			vs := story.Object(t, "{apiVersion: k8s.nginx.org/v1, kind: VirtualServer}")
			vs.Object["status"] = story.Object(t, tc.status).Object
			story.Diff(t, "verdict", tc.want, f5nginx.New().Observe(vs))
		})
	}
}

// The controller says of an Ingress only where its load balancer is.
func TestObserveTakesAnIngressAsServed(t *testing.T) {
	ing := story.Object(t, "{apiVersion: networking.k8s.io/v1, kind: Ingress, status: {loadBalancer: {}}}")
	story.Diff(t, "verdict", providers.Verdict{State: providers.VerdictAccepted}, f5nginx.New().Observe(ing))
}
