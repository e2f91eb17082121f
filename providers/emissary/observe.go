// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Observe reads status.state of a Mapping. Emissary writes it only where its
// environment has AMBASSADOR_UPDATE_MAPPING_STATUS (python/ambassador-diag/src/
// ambassador_diag/diagd.py), so no status is no reason to wait; it writes none for a
// Host. The status does not say which generation it is about: a refusal stands until
// Emissary has read the correction.
func (Provider) Observe(obj *unstructured.Unstructured) providers.Verdict {
	state, _, _ := unstructured.NestedString(obj.Object, "status", "state")
	if !objects.Is(obj, kindMapping) || state != "Inactive" {
		return providers.Verdict{State: providers.VerdictAccepted}
	}
	reason, _, _ := unstructured.NestedString(obj.Object, "status", "reason")
	return providers.Verdict{State: providers.VerdictRejected, Message: reason}
}
