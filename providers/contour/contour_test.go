// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"slices"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestDescribeOffersHeaderRoutingOnly(t *testing.T) {
	story.Diff(t, "CRD", "httpproxies.projectcontour.io", contour.New().Describe().Writes[0].CRDName())
	story.OnlyWay(t, contour.New(), v1alpha1.StrategyHeader)
}

func TestDescribeLeavesOutWhatHTTPProxyCannotDo(t *testing.T) {
	s := contour.New().Describe().Strategies[0]
	for _, f := range providers.Features() {
		lacking := slices.Contains([]providers.Feature{
			providers.FeatureAnyHost, providers.FeatureDefaultBackend,
			providers.FeatureExternalAuth, providers.FeatureCrossNamespace,
		}, f)
		if s.Supports(f) == lacking {
			t.Errorf("%s: supported = %t", f, s.Supports(f))
		}
	}
}

func TestDataPlaneIsEnvoyAlone(t *testing.T) {
	workloads := map[string]struct {
		labels map[string]string
		found  bool
	}{
		"envoy of the manifests": {map[string]string{"app": "envoy"}, true},
		"envoy of the chart": {map[string]string{
			"app.kubernetes.io/name": "contour", "app.kubernetes.io/instance": "ingress",
			"app.kubernetes.io/component": "envoy",
		}, true},
		"contour of the manifests": {map[string]string{"app": "contour"}, false},
		"contour of the chart": {map[string]string{
			"app.kubernetes.io/name": "contour", "app.kubernetes.io/component": "contour",
		}, false},
		"envoy of the Gateway provisioner": {map[string]string{
			"app": "envoy-public", "app.kubernetes.io/name": "contour",
			"app.kubernetes.io/component": "ingress-controller",
		}, false},
	}
	for name, tc := range workloads {
		t.Run(name, func(t *testing.T) {
			found := slices.ContainsFunc(contour.New().Describe().DataPlane.Workloads, func(s providers.WorkloadSelector) bool {
				for k, v := range s.Labels {
					if tc.labels[k] != v {
						return false
					}
				}
				return true
			})
			story.Diff(t, "found", tc.found, found)
		})
	}
}
