// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Reasons of the provider's notices.
const (
	// ReasonEndOfLife goes to every class: the project ends.
	ReasonEndOfLife = "EndOfLife"

	// ReasonAffectsAllRoutes goes to a class with header: Settings: the header is set
	// on routes of others too.
	ReasonAffectsAllRoutes = "AffectsAllRoutes"

	// ReasonSettingsStayOff goes to a class with another header where Linkerd's
	// cluster domain is not the one that Gloo takes: spec.linkerd of Settings would set
	// headers that are wrong.
	ReasonSettingsStayOff = "SettingsStayOff"

	// ReasonHTTPSOnly goes to a MeshIngress with certificates: Gloo does not serve
	// their hosts on the port for HTTP.
	ReasonHTTPSOnly = "HTTPSOnly"
)

// Kinds, with their CRDs in install/helm/gloo/crds.
var (
	kindVirtualService = providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "gateway.solo.io", Version: "v1", Kind: "VirtualService"},
		Resource:         "virtualservices",
	}
	kindRouteTable = providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "gateway.solo.io", Version: "v1", Kind: "RouteTable"},
		Resource:         "routetables",
	}
	kindUpstream = providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "gloo.solo.io", Version: "v1", Kind: "Upstream"},
		Resource:         "upstreams",
	}
	kindSettings = providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "gloo.solo.io", Version: "v1", Kind: "Settings"},
		Resource:         "settings",
	}
)

// Provider translates for Gloo.
type Provider struct{}

var (
	_ providers.Provider        = Provider{}
	_ providers.ClassTranslator = Provider{}
	_ providers.FormChooser     = Provider{}
	_ providers.Observer        = Provider{}
	_ providers.RelayAuditor    = Provider{}
)

// New returns the provider of the vendor Gloo.
func New() Provider { return Provider{} }

// Describe returns the static facts about Gloo.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:     v1alpha1.VendorGloo,
		Title:      "Gloo",
		Source:     "solo-io/gloo",
		Writes:     []providers.Kind{kindVirtualService},
		Patches:    []providers.Kind{kindSettings},
		Routes:     []providers.Kind{kindVirtualService, kindRouteTable, kindUpstream},
		ReadOnly:   []providers.Kind{providers.KindService},
		Strategies: strategies(),
		// Gloo rejects every VirtualService of a domain that two on one Gateway have
		// (projects/gateway/pkg/translator/virtual_service_translator.go,
		// validateVirtualServiceDomains).
		ExclusiveHosts: true,
		// A VirtualService names no class.
		IgnoresClassName: true,
		DataPlane:        dataPlane(),
		Retired: &v1alpha1.Notice{
			Reason: ReasonEndOfLife,
			Message: "The open source Gloo reaches its end of life on 2026-12-31 and gets no fixes after it " +
				"(github.com/solo-io/gloo): plan to move to another vendor's class.",
		},
	}
}

// strategies are the three ways to set the header. They support the same: a weighted
// destination has the header in each (projects/gloo/pkg/plugins/{linkerd,headers,
// transformation}/plugin.go).
//
// ExternalAuth is missing: the external authorization of the open source Gloo is one
// server for all routes, named in Settings (projects/gloo/pkg/plugins/extauth/plugin.go,
// getOpenSourceConfigGenerator); more is in the enterprise edition.
func strategies() []providers.StrategySupport {
	features := []providers.Feature{
		providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
		providers.FeatureDefaultBackend, providers.FeatureWeights, providers.FeatureTLS,
		providers.FeatureCrossNamespace, providers.FeatureH2C,
	}
	way := func(form v1alpha1.GlooHeader, what string, needs ...providers.Kind) providers.StrategySupport {
		return providers.StrategySupport{
			Strategy: v1alpha1.StrategyHeader,
			Form:     string(form),
			Needs:    append([]providers.Kind{kindVirtualService}, needs...),
			Reason:   "Gloo has no way to route to a ClusterIP that Linkerd could use, so " + what + ".",
			Features: features,
		}
	}
	return []providers.StrategySupport{
		way(v1alpha1.GlooSettings, "spec.linkerd of its Settings sets l5d-dst-override on every route to a Service", kindSettings),
		way(v1alpha1.GlooHeaderManipulation, "options.headerManipulation of each route and weighted destination of a "+
			"VirtualService sets l5d-dst-override"),
		way(v1alpha1.GlooTransformation, "a request transformation of each route and weighted destination of a "+
			"VirtualService sets l5d-dst-override"),
	}
}

// dataPlane finds Envoy, by labels that the chart puts on each of its gateway proxies,
// whatever their names; the container has the name of the proxy. While the chart
// replaces one proxy with another, the one that gets no requests lacks gateway-proxy.
// What Gloo makes for a Gateway of gateway.networking.k8s.io has gloo: kube-gateway. A
// VirtualService names no class, so no controller string tells whose a class is.
func dataPlane() providers.DataPlane {
	return providers.DataPlane{Workloads: []providers.WorkloadSelector{{
		Kinds:  []string{"Deployment", "DaemonSet"},
		Labels: map[string]string{"gloo": "gateway-proxy", "gateway-proxy": "live"},
		Source: "solo-io/gloo install/helm/gloo/templates/7-gateway-proxy-deployment.yaml v1.22.1",
	}}}
}

// Form is spec.gloo.header.
func (Provider) Form(class providers.Class) string { return string(headerOf(class)) }

func headerOf(class providers.Class) v1alpha1.GlooHeader {
	if o := class.Spec.Gloo; o != nil && o.Header != "" {
		return o.Header
	}
	return v1alpha1.GlooSettings
}

// Reads asks for every VirtualService, because Translate must know whose domain a
// domain is; for the Settings, where the class names them; and for the Services that
// speak HTTP/2, because Gloo finds that out in its own way.
func (Provider) Reads(in providers.Input) []providers.Read {
	reads := []providers.Read{{Kind: kindVirtualService}}
	if headerOf(in.Class) == v1alpha1.GlooSettings {
		reads = append(reads, providers.Read{Kind: kindSettings, Namespace: settingsOf(in.Class).Namespace})
	}
	seen := map[string]bool{}
	for _, b := range in.AllBackends() {
		if b.H2C && !seen[b.Namespace] {
			seen[b.Namespace] = true
			reads = append(reads, providers.Read{Kind: providers.KindService, Namespace: b.Namespace})
		}
	}
	return reads
}
