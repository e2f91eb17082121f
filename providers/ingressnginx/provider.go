// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/questions"
)

// Reasons of the provider's notices.
const (
	// ReasonControllerRetired goes to every class: the project has ended.
	ReasonControllerRetired = "ControllerRetired"

	// ReasonOlderIngressWins goes to a MeshIngress whose Service and port an
	// older Ingress claims without service-upstream.
	ReasonOlderIngressWins = "OlderIngressWins"

	// ReasonDefaultBackendWins goes to a MeshIngress whose Service and port are
	// the default backend of a younger Ingress without service-upstream.
	ReasonDefaultBackendWins = "DefaultBackendWins"

	// ReasonAffectsAllRoutes goes to a class with header routing: the header is
	// set on routes of others too.
	ReasonAffectsAllRoutes = "AffectsAllRoutes"

	// ReasonClientHeaderPasses goes to a class with header routing: some requests
	// of the controller carry the header that the client sent.
	ReasonClientHeaderPasses = "ClientHeaderPasses"
)

var (
	_ providers.Provider        = Provider{}
	_ providers.ClassTranslator = Provider{}
)

// Provider translates for IngressNginx. It has no state.
type Provider struct{}

// New returns the provider.
func New() Provider { return Provider{} }

// Describe returns the static facts about the controller.
func (Provider) Describe() providers.Description {
	return providers.Description{
		Vendor: v1alpha1.VendorIngressNginx,
		Title:  "Ingress NGINX Controller",
		Source: "kubernetes/ingress-nginx",
		Writes: []providers.Kind{providers.KindIngress},
		Routes: []providers.Kind{providers.KindIngress},
		Strategies: []providers.StrategySupport{
			clusterIPSupport(), headerSupport(),
		},
		DataPlane: dataPlane(),
		Retired: &v1alpha1.Notice{
			Reason: ReasonControllerRetired,
			Message: "kubernetes/ingress-nginx is retired since March 2026 and gets no more security fixes: plan the move " +
				"to another MeshIngressClass; changing className of a MeshIngress moves its routes",
		},
	}
}

// clusterIPSupport leaves out FeatureWeights. A canary Ingress hangs its backend
// on the upstream of the primary Service and port, so that every route to them
// shares it, also those of other Ingresses (internal/ingress/controller/controller.go,
// mergeAlternativeBackend), and only the first canary counts
// (rootfs/etc/nginx/lua/balancer.lua, route_to_alternative_balancer).
func clusterIPSupport() providers.StrategySupport {
	return providers.StrategySupport{
		Strategy: v1alpha1.StrategyClusterIP,
		Reason:   "nginx.ingress.kubernetes.io/service-upstream makes the controller connect to the Service's ClusterIP.",
		Features: []providers.Feature{
			providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
			providers.FeatureDefaultBackend, providers.FeatureTLS, providers.FeatureExternalAuth, providers.FeatureH2C,
		},
	}
}

// headerSupport leaves out FeatureExternalAuth. The location of the auth
// subrequest passes the client's request headers on (proxy_pass_request_headers
// on) and sets none of proxy-set-headers (rootfs/etc/nginx/template/nginx.tmpl,
// lines 1007-1124): in ingress mode the client's own l5d-dst-override would
// choose the Service that answers whether the request is allowed.
func headerSupport() providers.StrategySupport {
	return providers.StrategySupport{
		Strategy: v1alpha1.StrategyHeader,
		OptIn:    true,
		Writes:   []providers.Kind{providers.KindConfigMap},
		Patches:  []providers.Kind{providers.KindConfigMap},
		Reason:   "The controller's proxy-set-headers sends l5d-dst-override with the Service and port of each route.",
		Features: []providers.Feature{
			providers.FeatureAnyHost, providers.FeatureWildcardHost, providers.FeatureExactPath,
			providers.FeatureDefaultBackend, providers.FeatureTLS, providers.FeatureH2C,
		},
	}
}

// dataPlane finds what the chart and the manifests install. --controller-class goes before
// --ingress-class, which is about the annotation kubernetes.io/ingress.class
// (pkg/flags/flags.go and internal/ingress/controller/ingressclass/ingressclass.go
// controller-v1.15.1).
func dataPlane() providers.DataPlane {
	return providers.DataPlane{Controllers: []string{"k8s.io/ingress-nginx"}, Workloads: []providers.WorkloadSelector{{
		Kinds: []string{"Deployment", "DaemonSet"},
		Labels: map[string]string{
			"app.kubernetes.io/name":      "ingress-nginx",
			"app.kubernetes.io/component": "controller",
		},
		Container: "controller",
		ClassFlags: []providers.ClassFlag{
			{Arg: "controller-class", Controller: providers.ControllerValue}, {Arg: "ingress-class"},
		},
		Source: "kubernetes/ingress-nginx charts/ingress-nginx/templates/controller-{deployment,daemonset}.yaml and " +
			"deploy/static/provider/cloud/deploy.yaml controller-v1.15.1",
	}}}
}

// Reads asks, in ClusterIP routing, for the Ingresses of the namespace: one of
// them may decide how the controller reaches a Service that we route to.
func (Provider) Reads(in providers.Input) []providers.Read {
	if in.Strategy.Strategy != v1alpha1.StrategyClusterIP {
		return nil
	}
	return []providers.Read{{Kind: providers.KindIngress, Namespace: in.Namespace}}
}

// Translate makes one Ingress, or more where one cannot say it: backends that
// speak HTTP/2 have their own, and so has a default backend beside rules.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	errs := checkPaths(in.Routes)
	errs = append(errs, checkTemplate(in)...)
	errs = append(errs, questions.Check(in, "nginx")...)
	if in.Strategy.Strategy == v1alpha1.StrategyHeader {
		errs = append(errs, checkHeaderVariables(in)...)
	}
	if len(errs) > 0 {
		return providers.Plan{}, errs
	}
	var plan providers.Plan
	planned := buildIngresses(in)
	for _, ing := range planned {
		plan.Objects = append(plan.Objects, objects.FromTyped(providers.KindIngress, ing))
	}
	if in.Strategy.Strategy == v1alpha1.StrategyClusterIP {
		plan.Notices = upstreamNotices(in, planned)
	}
	return plan, nil
}
