// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gloo"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestObserve(t *testing.T) {
	accepted := providers.Verdict{State: providers.VerdictAccepted}
	rejected := func(message string) providers.Verdict {
		return providers.Verdict{State: providers.VerdictRejected, Message: message}
	}
	for name, tc := range map[string]struct {
		status string
		want   providers.Verdict
	}{
		"no status":               {"{}", providers.Verdict{}},
		"no reporter":             {"{statuses: {}}", providers.Verdict{}},
		"a status of no form":     {"{statuses: [1]}", providers.Verdict{}},
		"pending, which is 0":     {"{statuses: {gloo-system: {reportedBy: gateway}}}", providers.Verdict{}},
		"pending by number":       {"{statuses: {gloo-system: {state: 0}}}", providers.Verdict{}},
		"pending by name":         {"{statuses: {gloo-system: {state: Pending}}}", providers.Verdict{}},
		"a state that is unknown": {"{statuses: {gloo-system: {state: 9}}}", providers.Verdict{}},
		"a state of no form":      {"{statuses: {gloo-system: {state: [1]}}}", providers.Verdict{}},
		"accepted by number":      {"{statuses: {gloo-system: {state: 1, reportedBy: gateway}}}", accepted},
		"accepted by name":        {"{statuses: {gloo-system: {state: Accepted}}}", accepted},
		"accepted by both":        {"{statuses: {gloo-system: {state: 1}, infra: {state: 1}}}", accepted},
		"accepted by one, and the other has not decided": {
			"{statuses: {gloo-system: {state: 1}, infra: {}}}", providers.Verdict{},
		},
		"rejected by number": {
			`{statuses: {gloo-system: {state: 2, reason: "2 errors occurred:\n\t* domain conflict: a\n\t* no b\n"}}}`,
			rejected("Rejected: 2 errors occurred: * domain conflict: a * no b"),
		},
		"rejected by name": {"{statuses: {gloo-system: {state: Rejected, reason: bad}}}", rejected("Rejected: bad")},
		"rejected by one of two": {
			"{statuses: {infra: {state: 2, reason: bad}, gloo-system: {state: 1}}}", rejected("Rejected: bad"),
		},
		"rejected by both, in the order of their namespaces": {
			"{statuses: {infra: {state: 2, reason: b}, gloo-system: {state: 2, reason: a}}}",
			rejected("Rejected: a; Rejected: b"),
		},
		"a warning": {
			"{statuses: {gloo-system: {state: 3, reason: Route Warning}}}", rejected("Warning: Route Warning"),
		},
		"a proxy that is rejected": {
			"{statuses: {gloo-system: {state: 1, subresourceStatuses: {'*v1.Proxy.public': {state: 2, reason: bad}}}}}",
			rejected("*v1.Proxy.public: Rejected: bad"),
		},
		"a proxy with a warning, of whatever route": {
			"{statuses: {gloo-system: {state: 1, subresourceStatuses: {'*v1.Proxy.public': {state: 3}}}}}", accepted,
		},
		"a proxy that is accepted": {
			"{statuses: {gloo-system: {state: 1, subresourceStatuses: {'*v1.Proxy.public': {state: 1}}}}}", accepted,
		},
	} {
		t.Run(name, func(t *testing.T) {
			vs := story.Object(t, "{apiVersion: gateway.solo.io/v1, kind: VirtualService, status: "+tc.status+"}")
			story.Diff(t, "verdict", tc.want, gloo.New().Observe(vs))
		})
	}
}
