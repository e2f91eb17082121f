// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/f5nginx"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestTheClassChoosesTheForm(t *testing.T) {
	p := f5nginx.New()
	vs := p.Describe().Writes[0]
	tests := map[string]struct {
		options  *v1alpha1.F5NginxOptions
		routing  v1alpha1.Routing
		served   providers.Served
		form     string
		strategy v1alpha1.Strategy
	}{
		"no options":                   {nil, v1alpha1.RoutingAuto, providers.Served{vs: true}, formVirtualServer, v1alpha1.StrategyClusterIP},
		"empty options":                {&v1alpha1.F5NginxOptions{}, "", providers.Served{vs: true}, formVirtualServer, v1alpha1.StrategyClusterIP},
		"no CRD and no options":        {nil, v1alpha1.RoutingAuto, nil, "", ""},
		"header with VirtualServers":   {nil, v1alpha1.RoutingHeader, providers.Served{vs: true}, formVirtualServer, v1alpha1.StrategyHeader},
		"Ingresses need no CRD":        {&v1alpha1.F5NginxOptions{Routes: formIngress}, "", nil, formIngress, v1alpha1.StrategyClusterIP},
		"header with Ingresses":        {&v1alpha1.F5NginxOptions{Routes: formIngress}, v1alpha1.RoutingHeader, nil, formIngress, v1alpha1.StrategyHeader},
		"ClusterIP and VirtualServers": {nil, v1alpha1.RoutingClusterIP, providers.Served{vs: true}, formVirtualServer, v1alpha1.StrategyClusterIP},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			wish := providers.WishOf(p, providers.Class{Spec: v1alpha1.MeshIngressClassSpec{Routing: tc.routing, F5Nginx: tc.options}})
			got, err := providers.ChooseStrategy(p.Describe(), wish, tc.served)
			if (err != nil) != (tc.form == "") {
				t.Fatalf("error %v", err)
			}
			story.Diff(t, "form", tc.form, got.Form)
			story.Diff(t, "strategy", tc.strategy, got.Strategy)
		})
	}
}

func TestDescribeLeavesOutWhatTheControllerCannotDo(t *testing.T) {
	never := []providers.Feature{
		providers.FeatureAnyHost, providers.FeatureDefaultBackend, providers.FeatureExternalAuth,
	}
	notInIngress := append([]providers.Feature{providers.FeatureWeights, providers.FeatureCrossNamespace}, never...)
	lacks := map[string][]providers.Feature{
		"VirtualServer/ClusterIP": never,
		"VirtualServer/Header":    never,
		"Ingress/ClusterIP":       notInIngress,
		"Ingress/Header":          append([]providers.Feature{providers.FeatureH2C}, notInIngress...),
	}
	for _, s := range f5nginx.New().Describe().Strategies {
		way := s.Form + "/" + string(s.Strategy)
		for _, f := range providers.Features() {
			if s.Supports(f) == slices.Contains(lacks[way], f) {
				t.Errorf("%s %s: supported = %t", way, f, s.Supports(f))
			}
		}
	}
}

func TestDataPlaneIsTheController(t *testing.T) {
	tests := map[string]struct {
		labels    labels.Set
		container string
		found     bool
	}{
		"manifests": {
			labels.Set{"app": "nginx-ingress", "app.kubernetes.io/name": "nginx-ingress"}, "nginx-ingress", true,
		},
		"manifests up to v3.0": {labels.Set{"app": "nginx-ingress"}, "nginx-ingress", true},
		"chart": {
			labels.Set{"app.kubernetes.io/name": "nginx-ingress", "app.kubernetes.io/instance": "a"}, "nginx-ingress", true,
		},
		"the community's former chart": {
			labels.Set{"app": "nginx-ingress", "component": "controller"}, "nginx-ingress-controller", false,
		},
		"the community's controller": {
			labels.Set{"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}, "controller", false,
		},
		"NGINX Gateway Fabric": {labels.Set{"app.kubernetes.io/name": "nginx-gateway-fabric"}, "nginx", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			found := slices.ContainsFunc(f5nginx.New().Describe().DataPlane.Workloads, func(s providers.WorkloadSelector) bool {
				return labels.SelectorFromSet(s.Labels).Matches(tc.labels) && s.Container == tc.container
			})
			story.Diff(t, "found", tc.found, found)
		})
	}
	for _, s := range f5nginx.New().Describe().DataPlane.Workloads {
		story.Diff(t, "kinds", []string{"Deployment", "DaemonSet", "StatefulSet"}, s.Kinds)
	}
}
