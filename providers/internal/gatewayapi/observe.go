// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Observe reads the verdict on a route that Build made: the conditions Accepted,
// ResolvedRefs and PartiallyInvalid of the entries of status.parents about its
// parentRef. A condition about an older generation says nothing.
//
// A route that several controllers speak of is accepted when one of them accepts it
// and none refuses it.
func Observe(obj *unstructured.Unstructured) providers.Verdict {
	route, ok := objects.Decode[gatewayv1.HTTPRoute](obj)
	if !ok {
		return providers.Verdict{}
	}
	var verdict providers.Verdict
	var refusals []string
	for _, p := range route.Status.Parents {
		ours := slices.ContainsFunc(route.Spec.ParentRefs, func(ref gatewayv1.ParentReference) bool {
			return equality.Semantic.DeepEqual(qualified(ref, route.Namespace), qualified(p.ParentRef, route.Namespace))
		})
		if !ours {
			continue
		}
		current := slices.DeleteFunc(slices.Clone(p.Conditions), func(c metav1.Condition) bool {
			return c.ObservedGeneration < route.Generation
		})
		refusals = append(refusals, refusalsIn(current)...)
		if meta.IsStatusConditionTrue(current, string(gatewayv1.RouteConditionAccepted)) {
			verdict.State = providers.VerdictAccepted
		}
	}
	if len(refusals) > 0 {
		return providers.Verdict{State: providers.VerdictRejected, Message: strings.Join(refusals, "; ")}
	}
	return verdict
}

// refusalsIn are the conditions that say that requests will not arrive.
func refusalsIn(conditions []metav1.Condition) []string {
	bad := map[gatewayv1.RouteConditionType]metav1.ConditionStatus{
		gatewayv1.RouteConditionAccepted:         metav1.ConditionFalse,
		gatewayv1.RouteConditionResolvedRefs:     metav1.ConditionFalse,
		gatewayv1.RouteConditionPartiallyInvalid: metav1.ConditionTrue,
	}
	var found []string
	for _, c := range conditions {
		if bad[gatewayv1.RouteConditionType(c.Type)] == c.Status {
			found = append(found, fmt.Sprintf("%s=%s, %s: %s", c.Type, c.Status, c.Reason, c.Message))
		}
	}
	slices.Sort(found)
	return found
}

// qualified fills in the defaults of a parentRef, which an entry of status may lack.
func qualified(p gatewayv1.ParentReference, namespace string) gatewayv1.ParentReference {
	p = *p.DeepCopy()
	if p.Group == nil {
		p.Group = new(gatewayv1.Group(gatewayv1.GroupName))
	}
	if p.Kind == nil {
		p.Kind = new(gatewayv1.Kind("Gateway"))
	}
	if p.Namespace == nil {
		p.Namespace = new(gatewayv1.Namespace(namespace))
	}
	return p
}
