// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour

import (
	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
)

// kindHTTPProxy is projectcontour/contour apis/projectcontour/v1 HTTPProxy, CRD in
// examples/contour/01-crds.yaml.
var kindHTTPProxy = providers.Kind{
	GroupVersionKind: contourv1.GroupVersion.WithKind("HTTPProxy"),
	Resource:         "httpproxies",
}

// kindContourDeployment is projectcontour/contour apis/projectcontour/v1alpha1
// ContourDeployment, CRD in the same file.
var kindContourDeployment = providers.Kind{
	GroupVersionKind: schema.GroupVersionKind{Group: contourv1.GroupName, Version: "v1alpha1", Kind: "ContourDeployment"},
	Resource:         "contourdeployments",
}

// Provider translates for Contour.
type Provider struct{}

var (
	_ providers.Provider     = Provider{}
	_ providers.Observer     = Provider{}
	_ providers.RelayAuditor = Provider{}
	_ providers.ClassReader  = Provider{}
	_ providers.TargetFinder = Provider{}
	_ providers.PodSpecifier = Provider{}
)

// New returns the provider of the vendor Contour.
func New() Provider { return Provider{} }

// Describe returns the static facts about Contour.
//
// What is missing from the features, and why:
//   - AnyHost: an HTTPProxy needs spec.virtualhost.fqdn, whose pattern in the CRD
//     has no bare "*" (apis/projectcontour/v1/httpproxy.go, VirtualHost.Fqdn).
//   - DefaultBackend: for the same reason there is no HTTPProxy for the requests
//     to hosts that no rule names.
//   - ExternalAuth: spec.virtualhost.authorization asks a gRPC ext_authz server
//     through an ExtensionService, not an HTTP Service (AuthorizationServer there).
//   - CrossNamespace: a service of a route has no namespace (Service there).
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:   v1alpha1.VendorContour,
		Title:    "Contour",
		Source:   "projectcontour/contour",
		Writes:   []providers.Kind{kindHTTPProxy},
		Routes:   []providers.Kind{kindHTTPProxy, providers.KindIngress},
		ReadOnly: []providers.Kind{gatewayapi.KindGateway, gatewayapi.KindGatewayClass},
		Strategies: []providers.StrategySupport{{
			Strategy: v1alpha1.StrategyHeader,
			Needs:    []providers.Kind{kindHTTPProxy},
			Reason: "Contour has no way to route to a ClusterIP, so each service of each route " +
				"of an HTTPProxy sets l5d-dst-override.",
			Features: []providers.Feature{
				providers.FeatureWildcardHost, providers.FeatureExactPath, providers.FeatureWeights,
				providers.FeatureTLS, providers.FeatureH2C,
			},
		}},
		// Contour marks every HTTPProxy of an fqdn invalid where there are two
		// (internal/dag/httpproxy_processor.go v1.33.8).
		ExclusiveHosts: true,
		DataPlane:      dataPlane(),
	}
}

// Reads asks for every HTTPProxy: Translate must know whose host a host is.
func (Provider) Reads(providers.Input) []providers.Read {
	return []providers.Read{{Kind: kindHTTPProxy}}
}
