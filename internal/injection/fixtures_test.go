// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// dataPlaneFound is what discovery makes of a vendor's installation.
type dataPlaneFound struct {
	Workload, Service, Version string
	Ports                      []int32
	Notices                    []string
}

// Each vendor's chart or manifests, with all of it that is no data plane, lead to the one
// workload that is.
func TestEveryVendorsInstallation(t *testing.T) {
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	for vendor, tc := range map[v1alpha1.Vendor]struct {
		fixture, class string
		want           dataPlaneFound
	}{
		v1alpha1.VendorIngressNginx: {fixtures.IngressNginx, "nginx", dataPlaneFound{
			"Deployment ingress-nginx/ingress-nginx-controller", "ingress-nginx-controller", "v1.15.1", []int32{80, 443}, nil,
		}},
		v1alpha1.VendorF5Nginx: {fixtures.F5Nginx, "nginx", dataPlaneFound{
			"Deployment nginx-ingress/nginx-ingress-controller", "nginx-ingress-controller", "5.5.4", []int32{80, 443}, nil,
		}},
		v1alpha1.VendorTraefik: {fixtures.Traefik, "traefik", dataPlaneFound{
			"Deployment traefik/traefik", "traefik", "v3.7.11", []int32{8000, 8443}, nil,
		}},
		v1alpha1.VendorTraefikV1: {fixtures.TraefikV1, "traefik", dataPlaneFound{
			"Deployment traefik/traefik", "traefik", "1.7.26", []int32{80, 443}, nil,
		}},
		v1alpha1.VendorGloo: {fixtures.Gloo, "gloo", dataPlaneFound{
			"Deployment gloo-system/gateway-proxy", "gateway-proxy", "1.22.1", []int32{8080, 8443}, nil,
		}},
		v1alpha1.VendorContour: {fixtures.Contour, "contour", dataPlaneFound{
			"DaemonSet projectcontour/envoy", "envoy", "distroless-v1.38.9", []int32{8080, 8443}, nil,
		}},
		v1alpha1.VendorKong: {fixtures.Kong, "kong", dataPlaneFound{
			"Deployment kong/kong-gateway", "kong-gateway-proxy", "3.9", []int32{8000, 8443}, nil,
		}},
		v1alpha1.VendorHAProxy: {fixtures.HAProxy, "haproxy", dataPlaneFound{
			"Deployment haproxy-controller/haproxy-kubernetes-ingress", "haproxy-kubernetes-ingress", "3.2.12",
			[]int32{1024, 6060, 8080, 8443},
			nil,
		}},
		v1alpha1.VendorHAProxyIngress: {fixtures.HAProxyIngress, "haproxy", dataPlaneFound{
			"Deployment ingress-controller/haproxy-ingress", "haproxy-ingress", "v0.16.1", []int32{80, 443}, nil,
		}},
		v1alpha1.VendorEmissary: {fixtures.Emissary, "ambassador", dataPlaneFound{
			"Deployment emissary/emissary-ingress", "emissary-ingress", "4.1.0", []int32{8080, 8443}, nil,
		}},
		v1alpha1.VendorEnRoute: {fixtures.EnRoute, "enroute", dataPlaneFound{
			"Deployment enroute-demo/enroute", "enroute", "v1.27.0", []int32{8080, 8443}, nil,
		}},
		v1alpha1.VendorNgrok: {fixtures.Ngrok, "ngrok", dataPlaneFound{
			"Deployment ngrok-operator/ngrok-operator-agent", "", "0.22.0", nil, nil,
		}},
		v1alpha1.VendorEnvoyGateway: {fixtures.EnvoyGateway, "eg", dataPlaneFound{
			"Deployment envoy-gateway-system/envoy-infra-public-8d55c10f", "envoy-infra-public-8d55c10f", "distroless-v1.39.0", []int32{10080}, nil,
		}},
		v1alpha1.VendorGatewayAPI: {fixtures.GatewayAPI, "any", dataPlaneFound{
			"Deployment infra/public-nginx", "public-nginx", "2.6.7", []int32{80}, nil,
		}},
	} {
		t.Run(string(vendor), func(t *testing.T) {
			p, _ := registry.Get(vendor)
			class := builders.Class(tc.class, vendor)
			if vendor == v1alpha1.VendorEnvoyGateway || vendor == v1alpha1.VendorGatewayAPI {
				class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}}
			}
			got, err := lookAt(class, p.Describe().DataPlane, fixtureCluster(t, tc.fixture))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			for _, kind := range otherKinds()[vendor] {
				asKind(t, kind, p.Describe().DataPlane, class, fixtureCluster(t, tc.fixture), tc.want)
			}
		})
	}
	for _, p := range registry.All() {
		if d := p.Describe(); d.DataPlane.Outside == "" && len(d.DataPlane.Workloads) == 0 {
			t.Errorf("%s has no data plane", d.Vendor)
		}
	}
}

// otherKinds are those that a chart or a vendor's operator makes in place of the kind in
// the fixture.
func otherKinds() map[v1alpha1.Vendor][]string {
	daemonSet := []string{"DaemonSet"}
	return map[v1alpha1.Vendor][]string{
		v1alpha1.VendorIngressNginx: daemonSet, v1alpha1.VendorF5Nginx: {"DaemonSet", "StatefulSet"},
		v1alpha1.VendorTraefik: daemonSet, v1alpha1.VendorGloo: daemonSet, v1alpha1.VendorContour: {"Deployment"},
		v1alpha1.VendorKong: daemonSet, v1alpha1.VendorHAProxy: daemonSet, v1alpha1.VendorHAProxyIngress: daemonSet,
		v1alpha1.VendorEmissary: daemonSet, v1alpha1.VendorEnvoyGateway: daemonSet, v1alpha1.VendorGatewayAPI: daemonSet,
	}
}

// asKind expects the same where there is another kind of workload.
func asKind(
	t *testing.T, kind string, where providers.DataPlane, class *v1alpha1.MeshIngressClass, c injection.Cluster, want dataPlaneFound,
) {
	t.Helper()
	for i := range c.Workloads {
		c.Workloads[i].Kind = kind
	}
	_, name, _ := strings.Cut(want.Workload, " ")
	want.Workload = kind + " " + name
	got, err := lookAt(class, where, c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("as a %s (-want +got):\n%s", kind, diff)
	}
}
