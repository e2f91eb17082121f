// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

const (
	// groupIO is served since Traefik 2.10.0, which also brought nativeLB.
	groupIO = "traefik.io"
	// groupContainous is served by Traefik 2.x only: version 3 removed it
	// (docs/content/migrate/v2-to-v3-details.md v3.7.9).
	groupContainous = "traefik.containo.us"

	version = "v1alpha1"
)

// Provider translates for Traefik. It holds nothing: the zero value is ready.
type Provider struct{}

var (
	_ providers.Provider     = Provider{}
	_ providers.RelayAuditor = Provider{}
)

// New returns the provider.
func New() Provider { return Provider{} }

// Describe returns the static facts about Traefik.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor: v1alpha1.VendorTraefik,
		Title:  "Traefik",
		Source: "traefik/traefik",
		Writes: []providers.Kind{
			ingressRouteKind(groupIO), middlewareKind(groupIO),
			ingressRouteKind(groupContainous), middlewareKind(groupContainous),
		},
		Routes: []providers.Kind{
			ingressRouteKind(groupIO), ingressRouteKind(groupContainous), providers.KindIngress,
		},
		Strategies: strategies(),
		DataPlane:  dataPlane(),
	}
}

// dataPlane finds what the chart installs, and the Deployment that Traefik's documents
// told to write until 3.3. A release "traefik" of the chart of Traefik 1 looks like the
// latter; it cannot run on Kubernetes 1.22 and later. The controller strings are those of
// pkg/provider/kubernetes/{ingress,gateway}/kubernetes.go v3.7.9; what we generate is for
// pkg/provider/kubernetes/crd, which goes by the class's name.
func dataPlane() providers.DataPlane {
	kinds := []string{"Deployment", "DaemonSet"}
	flags := []providers.ClassFlag{
		{Arg: "providers.kubernetescrd.ingressclass"}, {Arg: "providers.kubernetesingress.ingressclass"},
	}
	return providers.DataPlane{
		Controllers: []string{"traefik.io/ingress-controller", "traefik.io/gateway-controller"},
		Workloads: []providers.WorkloadSelector{
			{
				// The container has the release's name, so any first one will do.
				Kinds:      kinds,
				Labels:     map[string]string{"app.kubernetes.io/name": "traefik"},
				ClassFlags: flags,
				Source:     "traefik/traefik-helm-chart traefik/templates/_helpers.tpl, _podtemplate.tpl 41.3.0",
			},
			{
				Kinds:     kinds,
				Labels:    map[string]string{"app": "traefik"},
				Container: "traefik", ClassFlags: flags,
				Source: "traefik/traefik docs/content/getting-started/quick-start-with-kubernetes.md v3.3.0",
			},
		},
	}
}

// Reads returns nothing: routes and Services say it all.
func (Provider) Reads(providers.Input) []providers.Read { return nil }

// strategies lists nativeLB first: it opens no relay, and weights keep working.
// CrossNamespace is in none, because providers.kubernetescrd.allowCrossNamespace
// is false by default (docs/content/migration/v2.md v2.5.0).
func strategies() []providers.StrategySupport {
	single := []providers.Feature{
		providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
		providers.FeatureDefaultBackend, providers.FeatureTLS, providers.FeatureExternalAuth, providers.FeatureH2C,
	}
	return []providers.StrategySupport{
		{
			Strategy: v1alpha1.StrategyClusterIP,
			Needs:    needs(groupIO),
			Reason:   "traefik.io is served (Traefik 2.10 and later), so nativeLB sends requests to the ClusterIP",
			Features: slices.Concat(single, []providers.Feature{providers.FeatureWeights}),
		},
		{
			Strategy: v1alpha1.StrategyHeader,
			Needs:    needs(groupIO),
			Reason:   "a Middleware of traefik.io sets l5d-dst-override on each route",
			Features: single,
		},
		{
			Strategy: v1alpha1.StrategyHeader,
			Needs:    needs(groupContainous),
			Reason: "only traefik.containo.us is served (Traefik before 2.10), which has no nativeLB, " +
				"so a Middleware sets l5d-dst-override on each route",
			Features: single,
		},
	}
}

// needs lists the IngressRoute first: groupOf reads the group there.
func needs(group string) []providers.Kind {
	return []providers.Kind{ingressRouteKind(group), middlewareKind(group)}
}

// groupOf is the API group that a strategy writes.
func groupOf(s providers.StrategySupport) string { return s.Needs[0].Group }

func ingressRouteKind(group string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: "IngressRoute"},
		Resource:         "ingressroutes",
	}
}

func middlewareKind(group string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: "Middleware"},
		Resource:         "middlewares",
	}
}
