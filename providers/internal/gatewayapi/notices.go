// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"cmp"
	"fmt"
	"slices"

	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

const (
	// ReasonGatewayNotFound is the Reason of the notice that the class's Gateway is not
	// there, so that nobody serves the routes.
	ReasonGatewayNotFound = "GatewayNotFound"

	// ReasonDefaultBackendShadowed is the Reason of the notice that an HTTPRoute of
	// others takes what the default backend should take of a host.
	ReasonDefaultBackendShadowed = "DefaultBackendShadowed"

	// ReasonBackendProtocolUnsure is the Reason of the notice that backends may be
	// spoken to in HTTP/1.1 where they expect HTTP/2.
	ReasonBackendProtocolUnsure = "BackendProtocolUnsure"
)

func (s Surroundings) notices(in providers.Input) []v1alpha1.Notice {
	if s.Gateway != nil {
		return nil
	}
	return GatewayNotFound(in.Class)
}

// GatewayNotFound tells that the class's Gateway is not there.
func GatewayNotFound(class providers.Class) []v1alpha1.Notice {
	ref := class.Spec.GatewayRef
	return []v1alpha1.Notice{{
		Reason: ReasonGatewayNotFound,
		Message: fmt.Sprintf("There is no Gateway %s/%s, so nothing serves the routes: create it, "+
			"or correct gatewayRef of MeshIngressClass %s.", ref.Namespace, ref.Name, class.Name),
	}}
}

func defaultTaken(host, other string) v1alpha1.Notice {
	return v1alpha1.Notice{
		Reason: ReasonDefaultBackendShadowed,
		Message: fmt.Sprintf("HTTPRoute %s takes all paths of the host %s at this Gateway, so the default backend "+
			"gets no request of it: remove that route's rule for '/', or name the paths in rules.", other, cmp.Or(host, "*")),
	}
}

// h2cNotices tells what an HTTPRoute leaves to the Service: it has no field for the
// protocol, and an implementation goes by the port's appProtocol, if at all
// (KEP-3726; pkg/features/httproute.go, SupportHTTPRouteBackendProtocolH2C).
func (s Surroundings) h2cNotices(in providers.Input) []v1alpha1.Notice {
	i := slices.IndexFunc(in.AllBackends(), func(b providers.Backend) bool { return b.H2C })
	if i < 0 || s.feature(features.SupportHTTPRouteBackendProtocolH2C) == supported {
		return nil
	}
	b := in.AllBackends()[i]
	return []v1alpha1.Notice{{
		Reason: ReasonBackendProtocolUnsure,
		Message: fmt.Sprintf("The Gateway's class does not say that it speaks HTTP/2 to the backends of an HTTPRoute (%s), "+
			"which %s:%d expects: use appProtocol kubernetes.io/h2c for the Service's port, and for gRPC a MeshIngress "+
			"that has only paths like /package.Service.",
			features.SupportHTTPRouteBackendProtocolH2C, b.Service, b.Port),
	}}
}
