// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	"strings"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// The values of status.currentStatus of an HTTPProxy (internal/status/
// proxystatus.go). Before Contour has looked at it, the CRD's default is
// "NotReconciled".
const (
	statusValid    = "valid"
	statusInvalid  = "invalid"
	statusOrphaned = "orphaned"
)

// Observe reads status.currentStatus of an HTTPProxy. A status whose condition
// Valid is about an older generation says nothing about this one.
func (Provider) Observe(obj *unstructured.Unstructured) providers.Verdict {
	proxy, ok := objects.Decode[contourv1.HTTPProxy](obj)
	if !ok {
		return providers.Verdict{}
	}
	valid := proxy.Status.GetConditionFor(contourv1.ValidConditionType)
	if valid != nil && valid.ObservedGeneration < proxy.Generation {
		return providers.Verdict{}
	}
	switch proxy.Status.CurrentStatus {
	case statusValid:
		return providers.Verdict{State: providers.VerdictAccepted}
	case statusInvalid, statusOrphaned:
		return providers.Verdict{State: providers.VerdictRejected, Message: rejection(proxy.Status, valid)}
	default:
		return providers.Verdict{}
	}
}

// rejection is what the condition lists as errors: the description only says that
// there are some (apis/projectcontour/v1/helpers.go, AddError).
func rejection(status contourv1.HTTPProxyStatus, valid *contourv1.DetailedCondition) string {
	if valid == nil || len(valid.Errors) == 0 {
		return status.Description
	}
	messages := make([]string, 0, len(valid.Errors))
	for _, e := range valid.Errors {
		messages = append(messages, e.Reason+": "+e.Message)
	}
	return strings.Join(messages, "; ")
}
