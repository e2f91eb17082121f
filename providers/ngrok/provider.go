// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// The forms of routes.
const (
	formIngress   = "Ingress"
	formHTTPRoute = "HTTPRoute"
)

var (
	_ providers.Provider    = Provider{}
	_ providers.FormChooser = Provider{}
	_ providers.Observer    = Provider{}
)

// Provider translates for Ngrok. It has no state.
type Provider struct{}

// New returns the provider of the vendor Ngrok.
func New() Provider { return Provider{} }

// Describe returns the static facts about ngrok.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:     v1alpha1.VendorNgrok,
		Title:      "ngrok",
		Source:     "ngrok/ngrok-operator",
		Writes:     []providers.Kind{providers.KindIngress, gatewayapi.KindHTTPRoute},
		Routes:     []providers.Kind{providers.KindIngress, gatewayapi.KindHTTPRoute},
		ReadOnly:   []providers.Kind{providers.KindService, gatewayapi.KindGateway, gatewayapi.KindGatewayClass},
		Strategies: []providers.StrategySupport{ingressSupport(), httpRouteSupport()},
		DataPlane:  dataPlane(),
	}
}

// ingressSupport leaves out, because pkg/managerdriver/translate_ingresses.go has
// nothing for it: AnyHost (internal/store/store.go, shouldHandleIngressIsValid, refuses
// an Ingress with a rule without host), Weights, TLS (spec.tls is not read: the
// certificate is ngrok's), ExternalAuth, and CrossNamespace.
func ingressSupport() providers.StrategySupport {
	return providers.StrategySupport{
		Strategy: v1alpha1.StrategyClusterIP,
		Form:     formIngress,
		Reason:   "ngrok's agent dials the name of the Service, which is its ClusterIP.",
		Features: []providers.Feature{
			providers.FeatureWildcardHost, providers.FeatureExactPath, providers.FeatureDefaultBackend, providers.FeatureH2C,
		},
	}
}

// httpRouteSupport leaves out H2C: for a backend of an HTTPRoute, appProtocol is not
// read (pkg/managerdriver/translate_gatewayapi.go, httpRouteBackendToIR). AnyHost:
// routes without a host are put among those of every host of the Gateway, and then the
// longest path wins, whatever its host (findMatchingVHostsForXRoute there;
// internal/ir/ir.go, SortRoutes).
func httpRouteSupport() providers.StrategySupport {
	return providers.StrategySupport{
		Strategy: v1alpha1.StrategyClusterIP,
		Form:     formHTTPRoute,
		Needs:    []providers.Kind{gatewayapi.KindHTTPRoute},
		Reason:   "ngrok's agent dials the name of the Service, which is its ClusterIP; gatewayRef asks for HTTPRoutes.",
		Features: []providers.Feature{
			providers.FeatureWildcardHost, providers.FeatureExactPath, providers.FeatureDefaultBackend, providers.FeatureWeights,
		},
	}
}

// dataPlane finds the agent, and never the Deployments api-manager (before chart 0.23
// controller-deployment.yaml) and bindings-forwarder, nor the Job cleanup-hook. Before
// chart 0.16 one Deployment did all. The agent dials out to ngrok, so no Service is in
// front of it, and it is told no class: api-manager is, whose default controller string
// was the second one before chart 0.24 (internal/store/store.go,
// legacyDefaultIngressControllerName). The third is internal/controller/gateway's.
func dataPlane() providers.DataPlane {
	return providers.DataPlane{
		Controllers: []string{
			"ngrok.com/ingress-controller", "k8s.ngrok.com/ingress-controller", "ngrok.com/gateway-controller",
		},
		NoInbound: true,
		Workloads: []providers.WorkloadSelector{
			{
				Kinds: []string{"Deployment"},
				Labels: map[string]string{
					"app.kubernetes.io/name":      "ngrok-operator",
					"app.kubernetes.io/component": "agent",
				},
				Container: "agent",
				Source: "ngrok/ngrok-operator helm/ngrok-operator/templates/agent/deployment.yaml " +
					"helm-chart-ngrok-operator-0.24.0",
			},
			{
				Kinds: []string{"Deployment"},
				Labels: map[string]string{
					"app.kubernetes.io/name":      "kubernetes-ingress-controller",
					"app.kubernetes.io/component": "controller",
				},
				Container:  "ngrok-ingress-controller",
				ClassFlags: []providers.ClassFlag{{Arg: "controller-name", Controller: providers.ControllerValue}},
				Source:     "ngrok/ngrok-operator helm/ingress-controller/templates/controller-deployment.yaml helm-chart-0.15.0",
			},
		},
	}
}

// Form is HTTPRoute for a class with gatewayRef, else Ingress.
func (Provider) Form(class providers.Class) string {
	if class.Spec.GatewayRef != nil {
		return formHTTPRoute
	}
	return formIngress
}

// Reads asks for the Ingresses of all namespaces, because ngrok merges those of a host;
// and for Services where how ngrok reads their protocol matters. For HTTPRoutes it asks
// for the Gateway and its class.
func (p Provider) Reads(in providers.Input) []providers.Read {
	if p.Form(in.Class) == formHTTPRoute {
		return gatewayapi.SurveyReads(in.Class, in.Served)
	}
	reads := []providers.Read{{Kind: providers.KindIngress}}
	if slices.ContainsFunc(in.AllBackends(), func(b providers.Backend) bool { return b.H2C }) {
		reads = append(reads, providers.Read{Kind: providers.KindService, Namespace: in.Namespace})
	}
	return reads
}

// Translate makes one Ingress, or HTTPRoutes as gatewayapi.Build has them.
//
// Errors: Required for a default backend without rules, Forbidden for an annotation of
// spec.template that names a class or has no effect, Duplicate for a host that ngrok
// would not serve for two Ingresses, Invalid for a path that Kubernetes refuses and for
// a protocol that ngrok does not know, TooMany for what one HTTPRoute cannot hold.
func (p Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	if p.Form(in.Class) == formHTTPRoute {
		return translateHTTPRoutes(in)
	}
	return translateIngress(in)
}

// Observe reads the condition Accepted of an HTTPRoute
// (internal/controller/gateway/httproute_controller.go). Of an Ingress ngrok says
// nothing but a hostname.
func (Provider) Observe(obj *unstructured.Unstructured) providers.Verdict {
	if !objects.Is(obj, gatewayapi.KindHTTPRoute) {
		return providers.Verdict{State: providers.VerdictAccepted}
	}
	return gatewayapi.Observe(obj)
}
