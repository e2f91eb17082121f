// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
)

// Provider translates for any implementation of the Gateway API. It holds nothing: the
// zero value is ready.
type Provider struct{}

var (
	_ providers.Provider     = Provider{}
	_ providers.Observer     = Provider{}
	_ providers.RelayAuditor = Provider{}
	_ providers.ClassReader  = Provider{}
	_ providers.TargetFinder = Provider{}
)

// New returns the provider of the vendor GatewayAPI.
func New() Provider { return Provider{} }

// Describe returns the static facts about the Gateway API.
//
// What is missing from the features, and why:
//   - TLS: certificates belong to the listeners of the Gateway.
//   - ExternalAuth: the filter ExternalAuth is in the experimental channel only
//     (config/crd/experimental; GEP-1494).
//   - CrossNamespace: a backend in another namespace needs a ReferenceGrant there,
//     which is for its owner to give.
//
// Weights and H2C depend on the implementation; Translate refuses or tells.
func (Provider) Describe() providers.Description {
	routes := []providers.Kind{gatewayapi.KindHTTPRoute, gatewayapi.KindGRPCRoute}
	return providers.Description{
		Vendor:   v1alpha1.VendorGatewayAPI,
		Title:    "Gateway API",
		Source:   "kubernetes-sigs/gateway-api",
		Writes:   routes,
		Routes:   routes,
		ReadOnly: []providers.Kind{gatewayapi.KindGateway, gatewayapi.KindGatewayClass},
		Strategies: []providers.StrategySupport{{
			Strategy: v1alpha1.StrategyHeader,
			Needs:    []providers.Kind{gatewayapi.KindHTTPRoute},
			Reason: "The Gateway API has no way to ask for a ClusterIP, so each rule of an HTTPRoute or GRPCRoute " +
				"sets l5d-dst-override.",
			Features: []providers.Feature{
				providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
				providers.FeatureDefaultBackend, providers.FeatureWeights, providers.FeatureH2C,
			},
		}},
		DataPlane: dataPlane(),
	}
}

// dataPlane finds what an implementation made for the class's Gateway, in the
// Gateway's namespace: GEP-1762 asks for the label on everything that is generated, so
// what has it is not patched itself, whether it has an owner reference or not. An
// implementation whose proxies serve many Gateways has no such label, and its workload
// is named in the class. The controller string is the implementation's, whatever it is.
func dataPlane() providers.DataPlane {
	return providers.DataPlane{
		Workloads: []providers.WorkloadSelector{{
			// The container's name is the implementation's: any first one will do.
			Kinds:         []string{"Deployment", "DaemonSet"},
			GatewayName:   gatewayv1.GatewayNameLabelKey,
			OwningGateway: gatewayv1.GatewayNameLabelKey,
			Source: "kubernetes-sigs/gateway-api apis/v1/well_known_labels.go v1.6.1; " +
				"nginx/nginx-gateway-fabric internal/controller/provisioner/objects.go v2.6.7; " +
				"istio/istio manifests/charts/istio-control/istio-discovery/files/kube-gateway.yaml",
		}},
		Targets: []v1alpha1.InjectionTarget{v1alpha1.InjectionTargetWorkload, v1alpha1.InjectionTargetGateway},
		Kinds:   []providers.Kind{gatewayapi.KindGateway},
	}
}

// Reads asks for the class's Gateway, for GatewayClasses, whose status lists what the
// implementation can do, and where there is a default backend for all HTTPRoutes.
func (Provider) Reads(in providers.Input) []providers.Read { return gatewayapi.Reads(in) }

// ClassReads asks for the class's Gateway.
func (Provider) ClassReads(in providers.ClassInput) []providers.Read {
	return gatewayapi.SurveyReads(in.Class, in.Served)
}

// InjectionTarget finds the class's Gateway.
func (Provider) InjectionTarget(
	in providers.ClassInput, target v1alpha1.InjectionTarget, _ providers.WorkloadFacts,
) (*unstructured.Unstructured, []string, error) {
	if target != v1alpha1.InjectionTargetGateway {
		return nil, nil, fmt.Errorf("spec.dataPlane.injectionTarget: the Gateway API has no %s: set it to Gateway", target)
	}
	return gatewayapi.InfrastructureTarget(in)
}

// Translate makes one HTTPRoute for each host, or one GRPCRoute where the MeshIngress
// has routes of gRPC only.
//
// Errors: Invalid for a path that the API refuses, for several backends on a path where
// the implementation does not say that it sets a header for each, and where no listener
// of the Gateway takes the route.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	return gatewayapi.Build(in, gatewayapi.Style{GRPC: true})
}

// Observe reads the conditions that the Gateway's controller leaves on a route.
func (Provider) Observe(obj *unstructured.Unstructured) providers.Verdict {
	return gatewayapi.Observe(obj)
}

// Exposed reports whether a rule of a route of the class's Gateway lets a client's
// l5d-dst-override through.
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	return gatewayapi.Exposed(class, obj)
}
