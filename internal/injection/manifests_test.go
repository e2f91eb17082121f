// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
)

// Manifests that vendors publish or published beside their charts, which the fixtures
// follow, are found too. The source of each is in its selector.
func TestManifestsBesideTheCharts(t *testing.T) {
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		vendor    v1alpha1.Vendor
		kind      string
		labels    map[string]string
		container string
		beside    []map[string]string // labels of what has no container that proxies
	}{
		"Traefik's documents": {
			vendor: v1alpha1.VendorTraefik, kind: "Deployment", labels: map[string]string{"app": "traefik"}, container: "traefik",
		},
		"Traefik 1's Deployment": {
			vendor: v1alpha1.VendorTraefikV1, kind: "Deployment",
			labels:    map[string]string{"k8s-app": "traefik-ingress-lb", "name": "traefik-ingress-lb"},
			container: "traefik-ingress-lb",
		},
		"Traefik 1's DaemonSet": {
			vendor: v1alpha1.VendorTraefikV1, kind: "DaemonSet",
			labels:    map[string]string{"k8s-app": "traefik-ingress-lb", "name": "traefik-ingress-lb"},
			container: "traefik-ingress-lb",
		},
		"F5's StatefulSet": {
			vendor: v1alpha1.VendorF5Nginx, kind: "StatefulSet",
			labels:    map[string]string{"app": "nginx-ingress", "app.kubernetes.io/name": "nginx-ingress"},
			container: "nginx-ingress",
		},
		"F5's DaemonSet, before 3.1": {
			vendor: v1alpha1.VendorF5Nginx, kind: "DaemonSet", labels: map[string]string{"app": "nginx-ingress"},
			container: "nginx-ingress",
		},
		"Kong, in one pod with its controller": {
			vendor: v1alpha1.VendorKong, kind: "Deployment", labels: map[string]string{"app": "ingress-kong"}, container: "proxy",
		},
		"Kong, apart from its controller": {
			vendor: v1alpha1.VendorKong, kind: "Deployment", labels: map[string]string{"app": "proxy-kong"}, container: "proxy",
			beside: []map[string]string{{"app": "ingress-kong"}},
		},
		"HAProxy's DaemonSet": {
			vendor: v1alpha1.VendorHAProxy, kind: "DaemonSet", labels: map[string]string{"run": "haproxy-ingress"},
			container: "haproxy-ingress",
		},
		"Contour's Deployment": {
			vendor: v1alpha1.VendorContour, kind: "Deployment", labels: map[string]string{"app": "envoy"}, container: "envoy",
			beside: []map[string]string{{"app": "contour"}},
		},
		"EnRoute's manifests": {
			vendor: v1alpha1.VendorEnRoute, kind: "Deployment", labels: map[string]string{"app": "enroute"}, container: "envoy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			provider, _ := registry.Get(tc.vendor)
			workloads := []injection.Workload{proxy("infra", "edge", func(w *injection.Workload) {
				w.Kind, w.Template.Labels, w.Template.Spec.Containers[0].Name = tc.kind, tc.labels, tc.container
			})}
			for _, labels := range tc.beside {
				workloads = append(workloads, proxy("infra", "controller", func(w *injection.Workload) {
					w.Template.Labels, w.Template.Spec.Containers[0].Name = labels, "controller"
				}))
			}
			class := builders.Class("public", tc.vendor)
			got := found(t, class, provider.Describe().DataPlane, cluster(nil, workloads...))
			if diff := cmp.Diff([]string{tc.kind + " infra/edge"}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
