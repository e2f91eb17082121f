// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/enroute"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestDescribeOffersClusterIPRoutingOnly(t *testing.T) {
	story.OnlyWay(t, enroute.New(), v1alpha1.StrategyClusterIP)
}

func TestDescribeSaysThatItIsAnExperiment(t *testing.T) {
	notices := enroute.New().Describe().Notices
	if len(notices) != 1 || notices[0].Reason != enroute.ReasonExperimental {
		t.Errorf("the notices are %v", notices)
	}
}

func TestDescribeLeavesOutWhatAGatewayHostCannotDo(t *testing.T) {
	s := enroute.New().Describe().Strategies[0]
	for _, f := range providers.Features() {
		lacking := slices.Contains([]providers.Feature{
			providers.FeatureExactPath, providers.FeatureExternalAuth, providers.FeatureCrossNamespace,
		}, f)
		if s.Supports(f) == lacking {
			t.Errorf("%s: supported = %t", f, s.Supports(f))
		}
	}
}

func TestEverythingReadIsDescribed(t *testing.T) {
	reads := enroute.New().Reads(input())
	if len(reads) != 1 || !slices.Contains(enroute.New().Describe().Kinds(), reads[0].Kind) || reads[0].Namespace != "" {
		t.Errorf("reads %v: not described, or not of all namespaces", reads)
	}
}

func TestGlobalConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		options *v1alpha1.EnRouteOptions
		want    string
	}{
		"by default":       {nil, "default"},
		"empty":            {&v1alpha1.EnRouteOptions{}, "default"},
		"where EnRoute is": {&v1alpha1.EnRouteOptions{Namespace: "enroute-demo"}, "enroute-demo"},
	} {
		t.Run(name, func(t *testing.T) {
			in := providers.ClassInput{Class: providers.Class{Name: "public"}}
			in.Class.Spec.EnRoute = tc.options
			plan, errs := enroute.New().TranslateClass(in)
			if len(errs) > 0 || len(plan.Objects) != 1 {
				t.Fatalf("planned %v, %v", plan.Objects, errs)
			}
			story.Diff(t, "namespace", tc.want, plan.Objects[0].GetNamespace())
			spec := plan.Objects[0].Object["spec"].(map[string]any)
			story.Diff(t, "type", any("globalconfig_globals"), spec["type"])
			config := map[string]any{}
			if err := json.Unmarshal([]byte(spec["config"].(string)), &config); err != nil {
				t.Fatalf("config is no JSON: %v", err)
			}
			story.Diff(t, "config", map[string]any{"linkerd_enabled": true}, config)
		})
	}
}

func TestDataPlane(t *testing.T) {
	for name, found := range map[string]bool{"enroute": true, "enroute-cp": false, "redis": false} {
		selectors := enroute.New().Describe().DataPlane.Workloads
		story.Diff(t, name, found, slices.ContainsFunc(selectors, func(s providers.WorkloadSelector) bool {
			return len(s.Labels) == 1 && s.Labels["app.kubernetes.io/name"] == name
		}))
	}
}
