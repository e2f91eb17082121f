// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Observe waits for the address in the status of an Ingress: the controller writes it
// once there is a load balancer, which takes minutes (pkg/loadbalancers/l7s.go and
// pkg/controller/controller.go, updateIngressStatus). Of a BackendConfig it says nothing.
func (Provider) Observe(obj *unstructured.Unstructured) providers.Verdict {
	if !objects.Is(obj, providers.KindIngress) {
		return providers.Verdict{State: providers.VerdictAccepted}
	}
	addresses, _, _ := unstructured.NestedSlice(obj.Object, "status", "loadBalancer", "ingress")
	if len(addresses) == 0 {
		return providers.Verdict{}
	}
	return providers.Verdict{State: providers.VerdictAccepted}
}
