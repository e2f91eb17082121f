// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// ReasonSharedEnvoyProxy is the Reason of the notice that the class sets a field of the
// GatewayClass's EnvoyProxy, which other Gateways have too.
const ReasonSharedEnvoyProxy = "SharedEnvoyProxy"

// serviceRouting makes Envoy take the ClusterIP (api/v1alpha1/envoyproxy_types.go,
// ServiceRoutingType).
const serviceRouting = "Service"

// ClassReads asks for the class's Gateway, its GatewayClass and the EnvoyProxies.
func (Provider) ClassReads(in providers.ClassInput) []providers.Read {
	return reads(in.Class, in.Served)
}

// TranslateClass sets spec.routingType of the EnvoyProxy that the class's Gateway, or
// its GatewayClass, names. Where neither names one, each MeshIngress has a
// BackendTrafficPolicy instead.
//
// Errors: Invalid for spec.gatewayRef where there is no EnvoyProxy and no
// BackendTrafficPolicy that would do.
func (Provider) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	if in.Strategy.Strategy != v1alpha1.StrategyClusterIP {
		return providers.Plan{}, nil
	}
	if gatewayapi.Survey(in.Class, in.Objects).Gateway == nil {
		return providers.Plan{Notices: gatewayapi.GatewayNotFound(in.Class)}, nil
	}
	ref, named := namedProxy(in.Class, in.Objects)
	switch {
	case named && in.Served.Has(kindEnvoyProxy.WithField(routingType)):
		return providers.Plan{Fields: []providers.FieldSet{routeToServices(ref)}, Notices: sharing(ref)}, nil
	case canPolicy(in.Served):
		return providers.Plan{}, nil
	default:
		at := field.NewPath("spec", "gatewayRef")
		return providers.Plan{}, field.ErrorList{field.Invalid(at, gatewayName(in.Class), noProxy)}
	}
}

// noProxy says what to do where only an EnvoyProxy would do.
const noProxy = "neither the Gateway nor its GatewayClass names an EnvoyProxy, and before Envoy Gateway 1.8 only there " +
	"requests can be sent to a ClusterIP: name one in spec.infrastructure.parametersRef of the Gateway, or set routing: " +
	"Header of the MeshIngressClass"

func routeToServices(ref proxyRef) providers.FieldSet {
	return objects.Fields(kindEnvoyProxy, ref.Namespace, ref.Name, map[string]any{
		"spec": map[string]any{"routingType": serviceRouting},
	})
}

func sharing(ref proxyRef) []v1alpha1.Notice {
	if !ref.shared {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonSharedEnvoyProxy,
		Message: fmt.Sprintf("EnvoyProxy %s/%s is the GatewayClass's, so its spec.routingType holds for every Gateway of it "+
			"that names no other.", ref.Namespace, ref.Name),
	}}
}

func gatewayName(class providers.Class) string {
	return class.Spec.GatewayRef.Namespace + "/" + class.Spec.GatewayRef.Name
}

// canPolicy reports whether a BackendTrafficPolicy does.
func canPolicy(served providers.Served) bool {
	for _, k := range policyFields() {
		if !served.Has(k) {
			return false
		}
	}
	return true
}
