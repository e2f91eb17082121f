// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Reads asks for the class's Gateway, its GatewayClass and the EnvoyProxies, and where
// there is a default backend for all HTTPRoutes.
func (Provider) Reads(in providers.Input) []providers.Read {
	all := gatewayapi.Reads(in)
	if len(all) > 0 && in.Served.Has(kindEnvoyProxy) {
		all = append(all, providers.Read{Kind: kindEnvoyProxy})
	}
	return all
}

// Translate makes one HTTPRoute for each host, or one GRPCRoute where the MeshIngress
// has routes of gRPC only. With ClusterIP routing and without an EnvoyProxy, which the
// class sees to, a BackendTrafficPolicy for all of them is added.
//
// Errors: Invalid for a path that the Gateway API refuses, where no listener of the
// Gateway takes the route, and for spec.className where ClusterIP routing needs an
// EnvoyProxy and there is none.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	plan, errs := gatewayapi.Build(in, style())
	if in.Strategy.Strategy != v1alpha1.StrategyClusterIP {
		return plan, errs
	}
	_, named := namedProxy(in.Class, in.Objects)
	switch {
	case gatewayapi.Survey(in.Class, in.Objects).Gateway == nil:
		// A notice of Build says so.
	case len(plan.Objects) == 0:
		// There is nothing whose requests could be sent anywhere.
	case named && in.Served.Has(kindEnvoyProxy.WithField(routingType)):
		// The class sets it there.
	case canPolicy(in.Served):
		plan.Objects = append(plan.Objects, policy(in, plan.Objects))
	default:
		errs = append(errs, field.Invalid(field.NewPath("spec", "className"), in.Class.Name, noProxy))
	}
	return plan, errs
}

// policy sends the requests of routes to ClusterIPs. Without mergeType it would take
// the place of a policy of the Gateway, with all that is in that
// (api/v1alpha1/backendtrafficpolicy_types.go, MergeType).
func policy(in providers.Input, routes []*unstructured.Unstructured) *unstructured.Unstructured {
	refs := make([]any, 0, len(routes))
	for _, r := range routes {
		refs = append(refs, map[string]any{
			"group": r.GroupVersionKind().Group, "kind": r.GetKind(), "name": r.GetName(),
		})
	}
	obj := objects.New(kindPolicy, in.Namespace, names.Of(in), nil, nil)
	obj.Object["spec"] = map[string]any{
		"targetRefs": refs, "mergeType": "StrategicMerge", "routingType": serviceRouting,
	}
	return obj
}
