// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd_test

import (
	"testing"

	"github.com/meshingress/meshingress/internal/linkerd"
)

func TestVersionsThatFailRequestsWithoutTheHeader(t *testing.T) {
	for v, want := range map[string]bool{
		"": false, "dev-undefined": false, "git-0a1b2c3d": false,
		"stable-2.12.5": false, "stable-2.13.0": true, "stable-2.13.4": true, "stable-2.13.5": false, "stable-2.14.10": false,
		"2.12.9": false, "2.13.0": true, "2.13.4": true, "2.13.4-1": true, "v2.13.4": true, "2.13.5": false, "2.18.0": false,
		"edge-23.3.1": false, "edge-23.3.2": true, "edge-23.6.3": true, "edge-23.7.1": false, "edge-26.8.3": false,
		"edge-2.12.0": false, "enterprise-2.13.1": true, "enterprise-2.13.5": false, "enterprise-2.15.1-1": false, "2.13.1-fips": true,
		"preview-23.5.1": true, "preview-24.1.1": false, "dev-0a1b2c3d-user": false, "enterprise-": false, "-2.13.1": true,
	} {
		if got := linkerd.IngressModeFailsRequests(v); got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
}
