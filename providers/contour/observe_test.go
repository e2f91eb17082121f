// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"testing"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestObserve(t *testing.T) {
	accepted := providers.Verdict{State: providers.VerdictAccepted}
	tests := map[string]struct {
		status string
		want   providers.Verdict
	}{
		"no status":           {"{}", providers.Verdict{}},
		"not looked at yet":   {"{currentStatus: NotReconciled, description: Waiting for controller}", providers.Verdict{}},
		"an unknown status":   {"{currentStatus: pondering}", providers.Verdict{}},
		"a status of no form": {"{currentStatus: [valid]}", providers.Verdict{}},
		"valid": {
			`{currentStatus: valid, description: Valid HTTPProxy, conditions: [
			  {type: Valid, status: "True", observedGeneration: 3, reason: Valid, message: Valid HTTPProxy}]}`, accepted,
		},
		"valid, without a condition": {"{currentStatus: valid}", accepted},
		"valid in an older generation": {
			`{currentStatus: valid, conditions: [{type: Valid, status: "True", observedGeneration: 2}]}`, providers.Verdict{},
		},
		"invalid in an older generation": {
			`{currentStatus: invalid, conditions: [{type: Valid, status: "False", observedGeneration: 2}]}`, providers.Verdict{},
		},
		"valid beside an older condition of another controller": {
			`{currentStatus: valid, conditions: [{type: example.com/Seen, status: "True", observedGeneration: 1},
			  {type: Valid, status: "True", observedGeneration: 3}]}`, accepted,
		},
		"invalid, with what is wrong": {
			`{currentStatus: invalid, description: "At least one error present, see Errors for details", conditions: [
			  {type: Valid, status: "False", observedGeneration: 3, reason: ErrorPresent, errors: [
			    {type: TLSError, status: "True", reason: SecretNotValid, message: Secret not found},
			    {type: ServiceError, status: "True", reason: ServiceUnresolvedReference, message: service not found}]}]}`,
			providers.Verdict{
				State:   providers.VerdictRejected,
				Message: "SecretNotValid: Secret not found; ServiceUnresolvedReference: service not found",
			},
		},
		"invalid, with a description only": {
			"{currentStatus: invalid, description: fqdn is used twice}",
			providers.Verdict{State: providers.VerdictRejected, Message: "fqdn is used twice"},
		},
		"orphaned": {
			"{currentStatus: orphaned, description: not part of a delegation chain}",
			providers.Verdict{State: providers.VerdictRejected, Message: "not part of a delegation chain"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			proxy := story.Object(t, "{apiVersion: projectcontour.io/v1, kind: HTTPProxy, metadata: {generation: 3}}")
			proxy.Object["status"] = story.Object(t, tc.status).Object
			story.Diff(t, "verdict", tc.want, contour.New().Observe(proxy))
		})
	}
}
