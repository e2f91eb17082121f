// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// The kinds of getambassador.io/v3alpha1 (pkg/api/getambassador.io/v3alpha1, CRDs in
// charts/emissary-crds).
var (
	kindMapping          = kind("Mapping", "mappings")
	kindHost             = kind("Host", "hosts")
	kindModule           = kind("Module", "modules")
	kindEndpointResolver = kind("KubernetesEndpointResolver", "kubernetesendpointresolvers")
	kindConsulResolver   = kind("ConsulResolver", "consulresolvers")
)

func kind(name, resource string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "getambassador.io", Version: "v3alpha1", Kind: name},
		Resource:         resource,
	}
}

// Provider translates for Emissary.
type Provider struct{}

var (
	_ providers.Provider = Provider{}
	_ providers.Observer = Provider{}
)

// New returns the provider of the vendor Emissary.
func New() Provider { return Provider{} }

// Describe returns the static facts about Emissary.
//
// What is missing from the features, and why:
//   - ExternalAuth: an AuthService holds for every Mapping of the installation
//     (pkg/api/getambassador.io/v3alpha1/crd_authservice.go).
//   - CrossNamespace: a Mapping reaches any Service, without its namespace being asked.
//
// Header routing is missing although a Mapping could set the header: the resolver that
// needs it is the one that this provider does without. add_linkerd_headers would not
// do, because it appends to what the client sent (envoy/v3/v3route.py,
// generate_headers_to_add).
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:   v1alpha1.VendorEmissary,
		Title:    "Emissary",
		Source:   "emissary-ingress/emissary",
		Writes:   []providers.Kind{kindMapping, kindHost},
		Routes:   []providers.Kind{kindMapping},
		ReadOnly: []providers.Kind{kindModule, kindEndpointResolver, kindConsulResolver},
		Strategies: []providers.StrategySupport{{
			Strategy: v1alpha1.StrategyClusterIP,
			Needs:    []providers.Kind{kindMapping, kindHost},
			Reason: "Each Mapping names the resolver kubernetes-service, by which Emissary connects to the " +
				"Service's ClusterIP.",
			Features: []providers.Feature{
				providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
				providers.FeatureDefaultBackend, providers.FeatureWeights, providers.FeatureTLS, providers.FeatureH2C,
			},
		}},
		DataPlane: dataPlane(),
	}
}

// dataPlane finds the workload of the chart, in whose pods Envoy runs beside the
// control plane. The canary's pods have profile canary; those of emissary-apiext and
// of an agent have no product. The
// controller string is that of python/ambassador/src/ambassador/fetch/ingress.py, and the
// default of AMBASSADOR_ID that of cmd/entrypoint/env.go, v4.1.0.
func dataPlane() providers.DataPlane {
	return providers.DataPlane{Controllers: []string{"getambassador.io/ingress-controller"}, Workloads: []providers.WorkloadSelector{{
		Kinds:      []string{"Deployment", "DaemonSet"},
		Labels:     map[string]string{"product": "aes", "profile": "main"},
		Container:  "emissary-ingress",
		ClassFlags: []providers.ClassFlag{{Env: "AMBASSADOR_ID", Values: ambassadorIDs{}}},
		Source:     "emissary-ingress/emissary charts/emissary-ingress/templates/deployment.yaml v4.1.0",
	}}}
}

// Reads asks for what decides, beside our own Mappings, where their requests go.
func (Provider) Reads(providers.Input) []providers.Read {
	return []providers.Read{
		{Kind: kindMapping}, {Kind: kindHost}, {Kind: kindModule}, {Kind: kindEndpointResolver}, {Kind: kindConsulResolver},
	}
}
