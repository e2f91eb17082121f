// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway_test

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/envoygateway"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestRoutesOfAnotherGatewayAreOpenWhereTheNamespaceIsAnnotated(t *testing.T) {
	route := story.Object(t, `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {namespace: shop, name: site},
		spec: {parentRefs: [{namespace: infra, name: internal}], rules: [{backendRefs: [{name: web}]}]}}`)
	for target, want := range map[v1alpha1.InjectionTarget]bool{
		v1alpha1.InjectionTargetAuto: true, v1alpha1.InjectionTargetNamespace: true,
		v1alpha1.InjectionTargetGateway: false, v1alpha1.InjectionTargetEnvoyProxy: false,
	} {
		class := providers.Class{Spec: v1alpha1.MeshIngressClassSpec{
			GatewayRef: &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}},
			DataPlane:  v1alpha1.DataPlane{InjectionTarget: target},
		}}
		story.Diff(t, string(target), want, envoygateway.New().Exposed(class, route))
	}
}
