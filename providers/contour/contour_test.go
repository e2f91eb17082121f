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
