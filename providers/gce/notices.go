// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce

import (
	"fmt"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// Reasons of the provider's notices.
const (
	// ReasonHeaderHasNoEffect goes to every class: what the documents of Linkerd ask for
	// is generated, and changes nothing.
	ReasonHeaderHasNoEffect = "HeaderHasNoEffect"

	// ReasonUnmeshedClients goes to every class: Linkerd's policy sees requests without
	// an identity.
	ReasonUnmeshedClients = "UnmeshedClients"

	// ReasonClassNameUnused goes to a class with an ingressClassName that GCE has not.
	ReasonClassNameUnused = "ClassNameUnused"

	// ReasonOneAddress goes to a class with a reserved address, which serves one
	// MeshIngress only.
	ReasonOneAddress = "OneAddress"

	// ReasonHeaderAnnotationLeftOut goes to a MeshIngress with several backends: the
	// documented annotation could name one of them only.
	ReasonHeaderAnnotationLeftOut = "HeaderAnnotationLeftOut"

	// ReasonBetaBackendConfig goes to a MeshIngress with a Service that names its
	// BackendConfig in the beta annotation.
	ReasonBetaBackendConfig = "BetaBackendConfig"

	// ReasonServiceNotReachable goes to a MeshIngress with a Service that GCE refuses.
	ReasonServiceNotReachable = "ServiceNotReachable"
)

// vendorNotices go to every class. The ranges are those of the load balancers and their
// health checks (vendor/k8s.io/cloud-provider-gcp/providers/gce/gce_loadbalancer.go,
// l7lbSrcRngsFlag). Header and value arrive at the proxy of the backend's pod, which is
// not in ingress mode and does not read them (linkerd/linkerd2-proxy
// linkerd/app/outbound/src/ingress.rs release/v2.366.0).
func vendorNotices() []v1alpha1.Notice {
	return []v1alpha1.Notice{
		{
			Reason: ReasonHeaderHasNoEffect,
			Message: fmt.Sprintf("The load balancer sets %s by BackendConfig, but no proxy of Linkerd reads it, and GKE does not "+
				"read the documented annotation %s at all: requests go to pods that Google chooses, without mTLS.",
				linkerd.OverrideHeader, customRequestHeaders),
		},
		{
			Reason: ReasonUnmeshedClients,
			Message: "Requests and health checks come without an identity, from 130.211.0.0/22 and 35.191.0.0/16, of an " +
				"internal load balancer from its proxy-only subnet too: the inbound policy of the backends' pods must allow " +
				"unauthenticated clients from there.",
		},
	}
}

func classNameUnused(name, used string) v1alpha1.Notice {
	return v1alpha1.Notice{
		Reason: ReasonClassNameUnused,
		Message: fmt.Sprintf("spec.ingressClassName %q is not used: the class of GCE is %s, by spec.gce.scheme.",
			name, used),
	}
}

func oneAddress(name string) v1alpha1.Notice {
	return v1alpha1.Notice{
		Reason: ReasonOneAddress,
		Message: fmt.Sprintf("Each MeshIngress is a load balancer, and two cannot have the address %s: use the class for one "+
			"MeshIngress, or leave spec.gce.staticIPName out and name addresses in annotations of spec.template.", name),
	}
}

// headerNotices tells where the documented annotation is left out.
func headerNotices(in providers.Input) []v1alpha1.Notice {
	n := len(destinations(in))
	if n < 2 {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonHeaderAnnotationLeftOut,
		Message: fmt.Sprintf("The annotation %s is for a whole Ingress, and this one leads to %d Services and ports, so it is "+
			"left out; the BackendConfig of each sets its header.", customRequestHeaders, n),
	}}
}

// serviceNotices tells of Services that the controller will not use as planned, each
// once, in order of appearance.
func serviceNotices(in providers.Input, services map[string]service) []v1alpha1.Notice {
	var notices []v1alpha1.Notice
	seen := map[string]bool{}
	for _, b := range destinations(in) {
		if seen[b.Service] {
			continue
		}
		seen[b.Service] = true
		if services[b.Service].beta {
			notices = append(notices, betaBackendConfig(b.Service))
		}
		if services[b.Service].unreachable {
			notices = append(notices, notReachable(b.Service))
		}
	}
	return notices
}

func betaBackendConfig(service string) v1alpha1.Notice {
	return v1alpha1.Notice{
		Reason: ReasonBetaBackendConfig,
		Message: fmt.Sprintf("Service %s names its BackendConfig in %s, which %s would hide, so it gets none of ours: set %s "+
			"in its own if you want it.", service, betaBackendConfigKey, backendConfigKey, linkerd.OverrideHeader),
	}
}

func notReachable(service string) v1alpha1.Notice {
	return v1alpha1.Notice{
		Reason: ReasonServiceNotReachable,
		Message: fmt.Sprintf("GCE refuses Service %s, which has neither a node port nor network endpoint groups: annotate it "+
			`%s: '{"ingress": true}', or set its type to NodePort.`, service, negKey),
	}
}
