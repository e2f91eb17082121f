// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefikv1

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// ReasonObsolete goes to every class: no Kubernetes that is maintained can run it.
const ReasonObsolete = "Obsolete"

var (
	_ providers.Provider     = Provider{}
	_ providers.RelayAuditor = Provider{}
)

// Provider translates for TraefikV1. It has no state.
type Provider struct{}

// New returns the provider.
func New() Provider { return Provider{} }

// Describe returns the static facts about Traefik 1.x. It watches Ingresses of
// extensions/v1beta1 only (provider/kubernetes/client.go, WatchAll), which Kubernetes
// stopped to serve with 1.22.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor:     v1alpha1.VendorTraefikV1,
		Title:      "Traefik 1.x",
		Source:     "traefik/traefik",
		Writes:     []providers.Kind{providers.KindIngress},
		Routes:     []providers.Kind{providers.KindIngress},
		Strategies: []providers.StrategySupport{headerSupport()},
		Sticky: []providers.StickyAnnotation{{
			Keys: []string{
				prefix + "affinity", secondPrefix + prefix + "affinity",
				"traefik.backend.loadbalancer.stickiness", "traefik.backend.loadbalancer.sticky",
			},
			Value:  "true",
			Source: "traefik/traefik provider/kubernetes/{annotations,kubernetes}.go v1.7.34",
		}},
		DataPlane: dataPlane(),
		Retired: &v1alpha1.Notice{
			Reason: ReasonObsolete,
			Message: "Traefik 1.x reads Ingresses of extensions/v1beta1 only, so that it serves nothing on Kubernetes 1.22 " +
				"and later, and gets no more fixes: install Traefik 3, make a MeshIngressClass of vendor Traefik, and change " +
				"className of the MeshIngresses",
		},
	}
}

// headerSupport leaves out FeatureAnyHost and FeatureWildcardHost: the longest rule
// wins, the lengths of host and path added (server/server_configuration.go,
// buildServerRoute). A long path for every host would beat a short one of a host, and
// the regular expression of a wildcard is longer than any name that it matches.
//
// It leaves out FeatureExternalAuth: the header is set before the question is asked,
// and is part of it (server/server_middlewares.go, buildMiddlewares;
// middlewares/auth/forward.go), so that Linkerd would ask the backend.
func headerSupport() providers.StrategySupport {
	return providers.StrategySupport{
		Strategy: v1alpha1.StrategyHeader,
		Reason: "Traefik 1.x connects to pods; ingress.kubernetes.io/custom-request-headers sends l5d-dst-override from " +
			"Ingresses of one Service and port.",
		Features: []providers.Feature{
			providers.FeatureExactPath, providers.FeatureDefaultBackend, providers.FeatureTLS, providers.FeatureH2C,
		},
	}
}

// dataPlane finds what the manifests and the former chart install. This Traefik knows no
// IngressClasses.
func dataPlane() providers.DataPlane {
	kinds := []string{"Deployment", "DaemonSet"}
	return providers.DataPlane{Workloads: []providers.WorkloadSelector{
		{
			Kinds:     kinds,
			Labels:    map[string]string{"k8s-app": "traefik-ingress-lb"},
			Container: "traefik-ingress-lb",
			Source:    "traefik/traefik examples/k8s/{traefik-deployment,traefik-ds}.yaml v1.7.34",
		},
		{
			Kinds:  []string{"Deployment"},
			Labels: map[string]string{"app": "traefik"},
			Source: "helm/charts stable/traefik/templates/deployment.yaml 1.87.7",
		},
	}}
}

// Reads asks for nothing.
func (Provider) Reads(providers.Input) []providers.Read { return nil }

// Translate makes Ingresses for each Service and port: one for its routes to "/", and
// one for each priority that its other routes need.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	errs := ingresses.CheckPaths(in.Routes)
	errs = append(errs, checkRules(in.Routes)...)
	errs = append(errs, annotations.Check(in, refusals())...)
	if len(errs) > 0 {
		return providers.Plan{}, errs
	}
	// The rule of "/" for every host is the shortest that there is and so the last. The
	// default backend of an Ingress would do the same, but knows no HTTP/2, and Traefik drops
	// the rest of the Ingress where it has one already (provider/kubernetes/kubernetes.go,
	// loadIngresses and addGlobalBackend).
	all := routes.WithDefault(in, "")
	// The Ingress of a route is chosen before its path becomes a pattern.
	parts := map[string]string{}
	written := in
	written.Routes = nil
	for _, r := range all {
		part := priority(r)
		r.Path, r.PathType = pattern(r)
		parts[r.Host+r.Path] = part
		written.Routes = append(written.Routes, r)
	}
	written.Default = nil
	return providers.Plan{Objects: ingresses.Build(written, ingresses.Style{
		PerBackend:      true,
		ClassAnnotation: annotations.IngressClass,
		Annotations:     func(b providers.Backend) map[string]string { return ownAnnotations(in, b) },
		Part:            func(r providers.Route) string { return parts[r.Host+r.Path] },
		PartAnnotations: priorityAnnotation,
	})}, nil
}
