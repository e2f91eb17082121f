// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
)

// Reasons of the provider's notices.
const (
	// ReasonDotMatchesAny goes to a MeshIngress with a dot in a path that becomes a
	// regular expression.
	ReasonDotMatchesAny = "DotMatchesAny"

	// ReasonOlderDefaultBackend goes to a MeshIngress whose default backend gives way to
	// that of an older Ingress.
	ReasonOlderDefaultBackend = "OlderDefaultBackend"

	// ReasonUpstreamPolicyWithoutEffect goes to a MeshIngress with a backend whose
	// KongUpstreamPolicy chooses among pods.
	ReasonUpstreamPolicyWithoutEffect = "UpstreamPolicyWithoutEffect"

	// ReasonGlobalPluginSilenced goes to a MeshIngress with header routing: a
	// request-transformer for all of Kong does not run on its routes.
	ReasonGlobalPluginSilenced = "GlobalPluginSilenced"

	// ReasonConsumerPluginWins goes to a MeshIngress with header routing: a consumer has
	// a request-transformer of its own, which runs in place of the operator's.
	ReasonConsumerPluginWins = "ConsumerPluginWins"
)

// group of Kong's own kinds.
const group = "configuration.konghq.com"

// Kinds of Kong/kubernetes-configuration v1.5.2 config/crd/ingress-controller.
var (
	kindKongPlugin         = kind("v1", "KongPlugin", "kongplugins")
	kindKongClusterPlugin  = kind("v1", "KongClusterPlugin", "kongclusterplugins").InCluster()
	kindKongConsumer       = kind("v1", "KongConsumer", "kongconsumers")
	kindKongUpstreamPolicy = kind("v1beta1", "KongUpstreamPolicy", "kongupstreampolicies")
	kindTCPIngress         = kind("v1beta1", "TCPIngress", "tcpingresses")
)

func kind(version, name, resource string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: name}, Resource: resource,
	}
}

var (
	_ providers.Provider     = Provider{}
	_ providers.ClassReader  = Provider{}
	_ providers.TargetFinder = Provider{}
	_ providers.RelayAuditor = Provider{}
)

// Provider translates for Kong. It has no state. It is no Observer: KIC writes the
// condition Programmed on consumers and vaults, but on no KongPlugin
// (internal/controllers/configuration/zz_generated.controllers.go), and on an Ingress
// only the load balancer's address.
type Provider struct{}

// New returns the provider of the vendor Kong.
func New() Provider { return Provider{} }

// Describe returns the static facts about Kong.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:  v1alpha1.VendorKong,
		Title:   "Kong Ingress Controller",
		Source:  "Kong/kubernetes-ingress-controller",
		Writes:  []providers.Kind{providers.KindIngress, kindKongPlugin},
		Patches: []providers.Kind{providers.KindService},
		Routes:  []providers.Kind{providers.KindIngress, kindTCPIngress},
		ReadOnly: []providers.Kind{
			kindKongClusterPlugin, kindKongConsumer, kindKongUpstreamPolicy, gatewayapi.KindGateway, gatewayapi.KindGatewayClass,
		},
		Strategies: strategies(),
		DataPlane:  dataPlane(),
	}
}

// strategies share their features, because both write Ingresses. What is missing,
// and why:
//   - Weights: a path of an Ingress has one backend.
//   - CrossNamespace: it is in the Ingress's namespace.
//   - H2C: Kong speaks HTTP/2 to a backend only for gRPC, and only where the
//     annotation konghq.com/protocol: grpc is on the Service, where it holds for all
//     ports and for the routes of others too (KIC
//     internal/dataplane/kongstate/service.go, override). Routes for it refuse what is
//     not application/grpc (Kong kong/runloop/handler.lua, access.before).
//   - ExternalAuth: no plugin of Kong's open source edition asks another Service
//     (Kong kong/plugins).
func strategies() []providers.StrategySupport {
	features := []providers.Feature{
		providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
		providers.FeatureDefaultBackend, providers.FeatureTLS,
	}
	return []providers.StrategySupport{
		{
			Strategy: v1alpha1.StrategyClusterIP,
			Reason: serviceUpstream + " on each backend Service makes Kong connect to the Service's name, " +
				"and so to its ClusterIP.",
			Features: features,
		},
		{
			Strategy: v1alpha1.StrategyHeader,
			Needs:    []providers.Kind{kindKongPlugin},
			Reason: "A KongPlugin request-transformer on each Ingress removes the client's l5d-dst-override " +
				"and adds that of the one backend.",
			Features: features,
		},
	}
}

// dataPlane finds Kong itself, also where KIC is a container beside it, and never the
// Deployment of KIC alone, which has no container "proxy". What the Kong Operator makes
// has no label with a value that is always the same, but an owner.
//
// KIC takes no other controller string than the first, and its GatewayClasses have the
// second (internal/store/store.go, internal/controllers/gateway/gatewayclass_controller.go
// v3.5.13); the third is the Kong Operator's default (Kong/kong-operator
// pkg/vars/gateway.go v2.3.0-rc.3). KIC is told its class where it is in the pods of Kong
// (internal/cmd/rootcmd/env.go and internal/cmd/rootcmd/config/cli.go v3.5.13).
func dataPlane() providers.DataPlane {
	kinds := []string{"Deployment", "DaemonSet"}
	const component = "app.kubernetes.io/component"
	controllers := []string{
		"ingress-controllers.konghq.com/kong", "konghq.com/kic-gateway-controller", "konghq.com/gateway-operator",
	}
	return providers.DataPlane{
		Controllers: controllers,
		Workloads: []providers.WorkloadSelector{
			{
				Kinds:      kinds,
				Labels:     map[string]string{"app.kubernetes.io/name": "kong", component: "app"},
				Container:  proxyContainer,
				ClassFlags: []providers.ClassFlag{{Arg: "ingress-class", Env: "CONTROLLER_INGRESS_CLASS"}},
				Source:     "Kong/charts charts/kong/templates/deployment.yaml kong-3.4.1",
			},
			{
				Kinds:     kinds,
				Labels:    map[string]string{"app.kubernetes.io/name": "gateway", component: "app"},
				Container: proxyContainer,
				Source:    "Kong/charts charts/ingress/Chart.yaml (alias gateway) kong-3.4.1",
			},
			{
				Kinds:      kinds,
				Labels:     map[string]string{"app": "ingress-kong"},
				Container:  proxyContainer,
				ClassFlags: []providers.ClassFlag{{Arg: "ingress-class", Env: "CONTROLLER_INGRESS_CLASS"}},
				Source:     "Kong/kubernetes-ingress-controller deploy/single/all-in-one-dbless.yaml v2.8.2",
			},
			{
				Kinds:     kinds,
				Labels:    map[string]string{"app": "proxy-kong"},
				Container: proxyContainer,
				Source:    "Kong/kubernetes-ingress-controller deploy/single/all-in-one-dbless.yaml v2.12.3",
			},
			{
				Kinds:     []string{"Deployment"},
				Owner:     kindDataPlane.GroupKind(),
				Container: proxyContainer,
				Source:    "Kong/kong-operator pkg/utils/kubernetes/resources/deployments.go v2.2.3",
			},
		},
		Targets: []v1alpha1.InjectionTarget{
			v1alpha1.InjectionTargetWorkload, v1alpha1.InjectionTargetDataPlane, v1alpha1.InjectionTargetGatewayConfiguration,
		},
		Kinds: []providers.Kind{kindDataPlane, kindGatewayConfiguration},
	}
}

const proxyContainer = "proxy"

// Reads asks, where they are served, for what may take a backend's requests elsewhere
// than the MeshIngress says. Of the Services, what their annotations say of plugins is
// not looked at.
func (Provider) Reads(in providers.Input) []providers.Read {
	reads := []providers.Read{
		{Kind: providers.KindService, Namespace: in.Namespace}, {Kind: kindKongUpstreamPolicy, Namespace: in.Namespace},
	}
	if in.Default != nil {
		reads = append(reads, providers.Read{Kind: providers.KindIngress})
	}
	if in.Strategy.Strategy == v1alpha1.StrategyHeader {
		reads = append(reads, providers.Read{Kind: kindKongPlugin}, providers.Read{Kind: kindKongClusterPlugin},
			providers.Read{Kind: kindKongConsumer})
	}
	var served []providers.Read
	for _, r := range reads {
		if in.Served.Has(r.Kind) {
			served = append(served, r)
		}
	}
	return served
}
