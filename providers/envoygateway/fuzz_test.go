// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/envoygateway"
	"github.com/meshingress/meshingress/providers/providertest"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, envoygateway.New(), grammar) }

func grammar(obj *unstructured.Unstructured) []error {
	switch obj.GetKind() {
	case "BackendTrafficPolicy", "EnvoyProxy":
		return nil // nothing in them is a user's, but names
	default:
		return story.GatewayRoute(obj)
	}
}
