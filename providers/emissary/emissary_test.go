// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"slices"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestDescribeOffersClusterIPRoutingOnly(t *testing.T) {
	story.OnlyWay(t, emissary.New(), v1alpha1.StrategyClusterIP)
}

func TestDescribeLeavesOutWhatAMappingCannotDo(t *testing.T) {
	s := emissary.New().Describe().Strategies[0]
	for _, f := range providers.Features() {
		lacking := slices.Contains([]providers.Feature{providers.FeatureExternalAuth, providers.FeatureCrossNamespace}, f)
		if s.Supports(f) == lacking {
			t.Errorf("%s: supported = %t", f, s.Supports(f))
		}
	}
}

func TestEverythingReadIsDescribed(t *testing.T) {
	known := emissary.New().Describe().Kinds()
	for _, r := range emissary.New().Reads(input()) {
		if !slices.Contains(known, r.Kind) || r.Namespace != "" {
			t.Errorf("reads %s in %q: not described, or not of all namespaces", r.Kind.Kind, r.Namespace)
		}
	}
}

func TestDataPlaneIsTheMainWorkload(t *testing.T) {
	chart := func(profile string) map[string]string {
		return map[string]string{"app.kubernetes.io/name": "edge", "product": "aes", "profile": profile}
	}
	workloads := map[string]struct {
		labels map[string]string
		found  bool
	}{
		"Emissary of the chart": {chart("main"), true},
		"its canary":            {chart("canary"), false},
		"the webhook":           {map[string]string{"app.kubernetes.io/name": "emissary-apiext"}, false},
		"the agent":             {map[string]string{"app.kubernetes.io/name": "emissary-ingress-agent"}, false},
	}
	for name, tc := range workloads {
		t.Run(name, func(t *testing.T) {
			selectors := emissary.New().Describe().DataPlane.Workloads
			found := slices.ContainsFunc(selectors, func(s providers.WorkloadSelector) bool {
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
