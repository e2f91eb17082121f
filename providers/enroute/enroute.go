// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// The kinds of enroute.saaras.io/v1 (enroute-dp/apis/enroute/v1, CRDs in
// helm-chart/enroute/crds).
var (
	kindGatewayHost  = kind("GatewayHost", "gatewayhosts")
	kindGlobalConfig = kind("GlobalConfig", "globalconfigs")
)

func kind(name, resource string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "enroute.saaras.io", Version: "v1", Kind: name},
		Resource:         resource,
	}
}

// ReasonExperimental is the Reason of the notice that nobody here has seen what EnRoute
// does with its switch for Linkerd.
const ReasonExperimental = "Experimental"

// Provider translates for EnRoute.
type Provider struct{}

var (
	_ providers.Provider        = Provider{}
	_ providers.ClassTranslator = Provider{}
)

// New returns the provider of the vendor EnRoute.
func New() Provider { return Provider{} }

// Describe returns the static facts about EnRoute.
//
// What is missing from the features, and why:
//   - ExactPath: a condition has a prefix and no exact path
//     (enroute-dp/apis/enroute/v1/gatewayhost.go, Condition).
//   - ExternalAuth: it is a filter with configuration of its own kind (HttpFilter there).
//   - CrossNamespace: a service of a route has no namespace (Service there).
//
// There is no Observer: EnRoute writes the status of a GatewayHost without its
// subresource, which the API server ignores (enroute-dp/internal/k8s/status.go,
// setStatus; the CRD has subresources.status).
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor: v1alpha1.VendorEnRoute,
		Title:  "EnRoute",
		Source: "saarasio/enroute",
		Writes: []providers.Kind{kindGatewayHost, kindGlobalConfig},
		Routes: []providers.Kind{kindGatewayHost},
		Strategies: []providers.StrategySupport{{
			Strategy: v1alpha1.StrategyClusterIP,
			Needs:    []providers.Kind{kindGatewayHost, kindGlobalConfig},
			Reason: "A GlobalConfig sets linkerd_enabled, which by Linkerd's documents leaves the choice of a pod to " +
				"Linkerd; whether EnRoute then connects to ClusterIPs could not be seen.",
			Features: []providers.Feature{
				providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureDefaultBackend,
				providers.FeatureWeights, providers.FeatureTLS, providers.FeatureH2C,
			},
		}},
		// EnRoute serves no GatewayHost of an fqdn that two have
		// (enroute-dp/internal/dag/builder.go, validGatewayHosts).
		ExclusiveHosts: true,
		DataPlane:      dataPlane(),
		Notices:        []v1alpha1.Notice{experimental()},
	}
}

// experimental says what is not known. The field LinkerdEnabled of
// enroute-dp/saarasconfig/commonconfig.go is read nowhere, and clusters are found by
// endpoint discovery (enroute-dp/internal/envoy/cluster.go, cluster).
func experimental() v1alpha1.Notice {
	return v1alpha1.Notice{
		Reason: ReasonExperimental,
		Message: "Support for EnRoute is experimental: its open source edition is frozen and never reads " +
			"linkerd_enabled, so that it connects to pods; what Saaras's own builds do with it could not be seen. " +
			"Check in Linkerd that requests reach the Services' routes.",
	}
}

// dataPlane finds the Deployment of the chart or of the manifests, in whose pods Envoy runs beside the
// control plane and Redis.
func dataPlane() providers.DataPlane {
	return providers.DataPlane{Workloads: []providers.WorkloadSelector{
		{
			Kinds:     []string{"Deployment"},
			Labels:    map[string]string{"app.kubernetes.io/name": "enroute"},
			Container: "envoy",
			Source:    "saarasio/enroute helm-chart/enroute/templates/deployment.yaml v1.0.0",
		},
		{
			Kinds:     []string{"Deployment"},
			Labels:    map[string]string{"app": "enroute"},
			Container: "envoy",
			Source:    "saarasio/enroute artifacts/gatewayhost/enroute.yaml v1.0.0",
		},
	}}
}

// Reads asks for every GatewayHost: Translate must know whose host a host is.
func (Provider) Reads(providers.Input) []providers.Read {
	return []providers.Read{{Kind: kindGatewayHost}}
}
