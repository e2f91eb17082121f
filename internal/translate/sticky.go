// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// stickyHazards tell of Services that ask for sticky sessions, which go lost in the mesh,
// by whichever strategy: the controller's proxy chooses a pod for each request. It looks
// at the latency of the endpoints, never at the Service's sessionAffinity (linkerd/linkerd2
// controller/api/destination edge-26.8.3 does not read the field) or at a cookie.
func stickyHazards(
	d providers.Description, backends []providers.Backend, services map[types.NamespacedName]*corev1.Service,
) []v1alpha1.Notice {
	var hazards []v1alpha1.Notice
	seen := map[types.NamespacedName]bool{}
	for _, b := range backends {
		key := types.NamespacedName{Namespace: b.Namespace, Name: b.Service}
		svc := services[key]
		if svc == nil || seen[key] {
			continue
		}
		seen[key] = true
		if by := stickyBy(d, svc); by != "" {
			hazards = append(hazards, v1alpha1.Notice{Reason: v1alpha1.ReasonStickySessions, Message: fmt.Sprintf(
				"Service %s asks for sticky sessions with %s, but Linkerd chooses a pod for each request: keep sessions "+
					"where every pod finds them, and remove it", key, by)})
		}
	}
	return hazards
}

// stickyBy is what asks for sticky sessions; empty where nothing does.
func stickyBy(d providers.Description, svc *corev1.Service) string {
	if svc.Spec.SessionAffinity == corev1.ServiceAffinityClientIP {
		return "spec.sessionAffinity: ClientIP"
	}
	for _, s := range d.Sticky {
		if key, on := s.On(svc.Annotations); on {
			return "the annotation " + key
		}
	}
	return ""
}
