// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
)

// Kinds of Envoy Gateway (api/v1alpha1; charts/gateway-helm/charts/crds).
var (
	kindEnvoyProxy = kind("EnvoyProxy", "envoyproxies")
	kindPolicy     = kind("BackendTrafficPolicy", "backendtrafficpolicies")
)

const (
	group       = "gateway.envoyproxy.io"
	routingType = "spec.routingType"
)

func kind(name, plural string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: group, Version: "v1alpha1", Kind: name}, Resource: plural,
	}
}

// Provider translates for Envoy Gateway. It holds nothing: the zero value is ready.
type Provider struct{}

var (
	_ providers.Provider        = Provider{}
	_ providers.ClassReader     = Provider{}
	_ providers.ClassTranslator = Provider{}
	_ providers.TargetFinder    = Provider{}
	_ providers.Observer        = Provider{}
	_ providers.RelayAuditor    = Provider{}
)

// New returns the provider of the vendor EnvoyGateway.
func New() Provider { return Provider{} }

// Describe returns the static facts about Envoy Gateway.
func (Provider) Describe() providers.Description {
	routes := []providers.Kind{gatewayapi.KindHTTPRoute, gatewayapi.KindGRPCRoute}
	return providers.Description{
		Vendor:     v1alpha1.VendorEnvoyGateway,
		Title:      "Envoy Gateway",
		Source:     "envoyproxy/gateway",
		Writes:     append([]providers.Kind{kindPolicy}, routes...),
		Patches:    []providers.Kind{kindEnvoyProxy},
		Routes:     routes,
		ReadOnly:   []providers.Kind{gatewayapi.KindGateway, gatewayapi.KindGatewayClass},
		Strategies: strategies(),
		DataPlane:  dataPlane(),
	}
}

// strategies lists the EnvoyProxy first: one field of it holds for the whole Gateway.
//
// What is missing from the features, and why:
//   - TLS: certificates belong to the listeners of the Gateway.
//   - ExternalAuth: a SecurityPolicy for a route takes the place of the Gateway's, with
//     all that it asks of clients (api/v1alpha1/securitypolicy_types.go), and before 1.9
//     puts its path in front of the request's (api/v1alpha1/ext_auth_types.go, Path).
//   - CrossNamespace: a backend in another namespace needs a ReferenceGrant there,
//     which is for its owner to give.
func strategies() []providers.StrategySupport {
	all := []providers.Feature{
		providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
		providers.FeatureDefaultBackend, providers.FeatureWeights, providers.FeatureH2C,
	}
	return []providers.StrategySupport{
		{
			Strategy: v1alpha1.StrategyClusterIP,
			Needs:    []providers.Kind{gatewayapi.KindHTTPRoute, kindEnvoyProxy.WithField(routingType)},
			Reason: "EnvoyProxy has spec.routingType (Envoy Gateway 1.1 and later), " +
				"so Envoy can send requests to the ClusterIP",
			Features: all,
		},
		{
			Strategy: v1alpha1.StrategyClusterIP,
			Needs:    append([]providers.Kind{gatewayapi.KindHTTPRoute}, policyFields()...),
			Reason: "BackendTrafficPolicy has spec.routingType and spec.mergeType (Envoy Gateway 1.8 and later), " +
				"so Envoy can send requests to the ClusterIP",
			Features: all,
		},
		{
			Strategy: v1alpha1.StrategyHeader,
			Needs:    []providers.Kind{gatewayapi.KindHTTPRoute},
			Reason: "Envoy takes the pods of a Service, so each rule of an HTTPRoute or GRPCRoute " +
				"sets l5d-dst-override",
			Features: all,
		},
	}
}

// policyFields are what a BackendTrafficPolicy must have to be of use. Version 1.7 has
// routingType in its CRD and reads it nowhere: internal/gatewayapi/translator.go v1.7.5
// asks the EnvoyProxy only; v1.8.0 asks the policy first. bandwidthLimit came with 1.8
// and tells the two apart.
func policyFields() []providers.Kind {
	return []providers.Kind{
		kindPolicy.WithField(routingType), kindPolicy.WithField("spec.mergeType"), kindPolicy.WithField("spec.bandwidthLimit"),
	}
}

// dataPlane finds the Envoys of the class's Gateway. Where an EnvoyProxy merges the
// Gateways of a GatewayClass, they have a label with the GatewayClass's name instead,
// and are named in the class. Their pod template is Envoy Gateway's, which undoes a
// change of it, so that it is no target. The controller string can be set in the
// configuration of Envoy Gateway (api/v1alpha1/envoygateway_types.go v1.9.0).
func dataPlane() providers.DataPlane {
	return providers.DataPlane{
		Controllers: []string{"gateway.envoyproxy.io/gatewayclass-controller"},
		Workloads: []providers.WorkloadSelector{{
			Kinds:            []string{"Deployment", "DaemonSet"},
			Labels:           map[string]string{"app.kubernetes.io/managed-by": "envoy-gateway"},
			GatewayName:      "gateway.envoyproxy.io/owning-gateway-name",
			GatewayNamespace: "gateway.envoyproxy.io/owning-gateway-namespace",
			Container:        "envoy",
			Source: "envoyproxy/gateway internal/infrastructure/kubernetes/proxy/resource.go, " +
				"internal/gatewayapi/helpers.go v1.9.0",
		}},
		Targets: []v1alpha1.InjectionTarget{
			v1alpha1.InjectionTargetNamespace, v1alpha1.InjectionTargetGateway, v1alpha1.InjectionTargetEnvoyProxy,
		},
		Kinds: []providers.Kind{providers.KindNamespace, gatewayapi.KindGateway, kindEnvoyProxy},
	}
}

// style says what Envoy Gateway has: it passes the conformance tests of all features
// of HTTPRoute (test/conformance v1.0.0, v1.9.0), and lists none in the status of a
// GatewayClass (internal/gatewayapi/status/gatewayclass.go).
func style() gatewayapi.Style {
	return gatewayapi.Style{GRPC: true, Features: []features.FeatureName{
		features.SupportHTTPRouteBackendRequestHeaderModification, features.SupportHTTPRouteBackendProtocolH2C,
	}}
}

// Exposed reports whether a rule of a route lets a client's l5d-dst-override through: of
// the class's Gateway, or, where a whole Namespace is annotated, of any, because Envoy
// Gateway runs the Envoys of all Gateways in one by default. A ClientTrafficPolicy that
// removes the header for a Gateway is not on the route: the routes are reported all the
// same.
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	switch class.Spec.DataPlane.InjectionTarget {
	case v1alpha1.InjectionTargetGateway, v1alpha1.InjectionTargetEnvoyProxy:
		return gatewayapi.Exposed(class, obj)
	default:
		return gatewayapi.ExposedAnywhere(obj)
	}
}
