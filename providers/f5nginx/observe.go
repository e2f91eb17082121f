// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// The values of status.state of a VirtualServer (pkg/apis/configuration/v1/types.go).
const (
	stateValid   = "Valid"
	stateWarning = "Warning"
	stateInvalid = "Invalid"
)

// Observe reads status.state of a VirtualServer. A Warning counts as rejected, though
// the controller serves the rest of the object: of one of ours it says that another
// object has the host, that the Secret is no certificate, that HTTP/2 is off, or that
// a Service has no pods.
//
// The status has no generation, so that it may be about the state before the last
// change. Of an Ingress the controller says nothing in the status; see
// Provider.Reads.
func (Provider) Observe(obj *unstructured.Unstructured) providers.Verdict {
	if objects.Is(obj, providers.KindIngress) {
		return providers.Verdict{State: providers.VerdictAccepted}
	}
	state, _, _ := unstructured.NestedString(obj.Object, "status", "state")
	switch state {
	case stateValid:
		return providers.Verdict{State: providers.VerdictAccepted}
	case stateWarning, stateInvalid:
		message, _, _ := unstructured.NestedString(obj.Object, "status", "message")
		return providers.Verdict{State: providers.VerdictRejected, Message: message}
	default:
		return providers.Verdict{}
	}
}
