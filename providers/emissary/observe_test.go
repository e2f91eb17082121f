// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestObserve(t *testing.T) {
	accepted := providers.Verdict{State: providers.VerdictAccepted}
	tests := map[string]struct {
		kind, text string
		want       providers.Verdict
	}{
		"no status, as by default": {"Mapping", "{}", accepted},
		"a status of no form":      {"Mapping", "{status: {state: [Inactive]}}", accepted},
		"running":                  {"Mapping", "{status: {state: Running}}", accepted},
		"inactive": {
			"Mapping", "{status: {state: Inactive, reason: resolver x is unknown!}}",
			providers.Verdict{State: providers.VerdictRejected, Message: "resolver x is unknown!"},
		},
		"a Host, of which it says nothing": {"Host", "{status: {state: Inactive}}", accepted},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			story.Diff(t, "verdict", tc.want, emissary.New().Observe(object(t, tc.kind, tc.text)))
		})
	}
}
