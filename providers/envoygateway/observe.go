// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Observe reads the conditions that Envoy Gateway leaves on a route, or on a
// BackendTrafficPolicy.
func (Provider) Observe(obj *unstructured.Unstructured) providers.Verdict {
	if objects.Is(obj, kindPolicy) {
		return observePolicy(obj)
	}
	return gatewayapi.Observe(obj)
}

// observePolicy reads the condition Accepted of each ancestor: the Gateways of the
// routes that the policy is for. Every one must accept it.
func observePolicy(obj *unstructured.Unstructured) providers.Verdict {
	policy, ok := objects.Decode[struct {
		Status gatewayv1.PolicyStatus `json:"status"`
	}](obj)
	if !ok {
		return providers.Verdict{}
	}
	var verdict providers.Verdict
	for _, ancestor := range policy.Status.Ancestors {
		for _, c := range ancestor.Conditions {
			if c.Type != string(gatewayv1.PolicyConditionAccepted) || c.ObservedGeneration < obj.GetGeneration() {
				continue
			}
			if c.Status == metav1.ConditionFalse {
				return providers.Verdict{
					State: providers.VerdictRejected, Message: fmt.Sprintf("%s: %s", c.Reason, c.Message),
				}
			}
			verdict.State = providers.VerdictAccepted
		}
	}
	return verdict
}
