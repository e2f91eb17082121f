// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
	"github.com/meshingress/meshingress/test/builders"
)

// generated are labels of both workloads that the Gateway provisioner makes.
func generated(app string) map[string]string {
	return map[string]string{
		"app": app, "app.kubernetes.io/name": "contour", "app.kubernetes.io/instance": "public",
		"app.kubernetes.io/component": "ingress-controller", "app.kubernetes.io/managed-by": "contour-gateway-provisioner",
		"projectcontour.io/owning-gateway-name": "public", "gateway.networking.k8s.io/gateway-name": "public",
	}
}

func TestDataPlaneIsEnvoyAlone(t *testing.T) {
	ofChart := func(component string) map[string]string {
		return map[string]string{
			"app.kubernetes.io/name": "contour", "app.kubernetes.io/instance": "ingress", "app.kubernetes.io/component": component,
		}
	}
	for name, tc := range map[string]struct {
		labels    map[string]string
		container string
		found     bool
		owner     string
	}{
		"envoy of the manifests":        {map[string]string{"app": "envoy"}, "envoy", true, ""},
		"envoy of the chart":            {ofChart("envoy"), "envoy", true, ""},
		"contour of the manifests":      {map[string]string{"app": "contour"}, "contour", false, ""},
		"contour of the chart":          {ofChart("contour"), "contour", false, ""},
		"envoy of the provisioner":      {generated("envoy-public"), "envoy", true, "public"},
		"contour of the provisioner":    {generated("contour-public"), "contour", false, ""},
		"the provisioner":               {map[string]string{"control-plane": "contour-gateway-provisioner"}, "contour-gateway-provisioner", false, ""},
		"an envoy of nobody's, by name": {map[string]string{"app": "other"}, "envoy", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ds := &appsv1.DaemonSet{}
			ds.Spec.Template.Labels = tc.labels
			ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: tc.container}}
			all := injection.Cluster{Workloads: []injection.Workload{injection.FromDaemonSet(ds)}}
			d, err := injection.Discover(builders.Class("public", v1alpha1.VendorContour), contour.New().Describe().DataPlane, all)
			story.Diff(t, "found", tc.found, err == nil)
			if owner := ""; err == nil {
				if d.Workloads[0].Owner != nil {
					owner = d.Workloads[0].Owner.Name
				}
				story.Diff(t, "the Gateway", tc.owner, owner)
			}
		})
	}
}

func TestEnvoyReachesContourPastItsProxy(t *testing.T) {
	story.Diff(t, "ports", []int32{8001}, contour.New().Describe().DataPlane.SkipOutboundPorts)
}

func TestTheTokenOfEnvoy(t *testing.T) {
	token := map[string]any{"automountServiceAccountToken": true}
	account := map[string]any{"automountServiceAccountToken": true, "serviceAccountName": "mesh", "serviceAccount": "mesh"}
	for name, tc := range map[string]struct {
		options         *v1alpha1.ContourOptions
		projected, none map[string]any
	}{
		"by default":                       {nil, nil, token},
		"Auto":                             {&v1alpha1.ContourOptions{ServiceAccountToken: v1alpha1.ServiceAccountTokenAuto}, nil, token},
		"Mount":                            {&v1alpha1.ContourOptions{ServiceAccountToken: v1alpha1.ServiceAccountTokenMount}, token, token},
		"Mount, of a ServiceAccount":       {&v1alpha1.ContourOptions{ServiceAccountToken: "Mount", ServiceAccountName: "mesh"}, account, account},
		"a ServiceAccount goes with Mount": {&v1alpha1.ContourOptions{ServiceAccountName: "mesh"}, nil, token},
	} {
		t.Run(name, func(t *testing.T) {
			class := providers.Class{Spec: v1alpha1.MeshIngressClassSpec{Contour: tc.options}}
			for projected, want := range map[bool]map[string]any{true: tc.projected, false: tc.none} {
				if diff := cmp.Diff(want, contour.New().PodSpec(class, projected)); diff != "" {
					t.Errorf("projected %t (-want +got):\n%s", projected, diff)
				}
			}
		})
	}
}
