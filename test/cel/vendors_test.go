// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// of turns the class into one of a vendor without options.
func of(vendor v1alpha1.Vendor, changes ...func(*v1alpha1.MeshIngressClass)) func(*v1alpha1.MeshIngressClass) {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.Vendor, class.Spec.Traefik = vendor, nil
		for _, change := range changes {
			change(class)
		}
	}
}

func attached(class *v1alpha1.MeshIngressClass) {
	class.Spec.GatewayRef = &v1alpha1.GatewayReference{
		ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}, SectionName: "https",
	}
}

func injectedInto(target v1alpha1.InjectionTarget) func(*v1alpha1.MeshIngressClass) {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.InjectionTarget = target }
}

// allOptions of vendors, each with the vendor that has it.
func allOptions() map[v1alpha1.Vendor]func(*v1alpha1.MeshIngressClass) {
	type class = *v1alpha1.MeshIngressClass
	return map[v1alpha1.Vendor]func(class){
		v1alpha1.VendorF5Nginx: func(c class) { c.Spec.F5Nginx = &v1alpha1.F5NginxOptions{Routes: v1alpha1.F5NginxIngress} },
		v1alpha1.VendorGCE: func(c class) {
			c.Spec.GCE = &v1alpha1.GCEOptions{
				Scheme: v1alpha1.GCEInternal, StaticIPName: "static-ip", PreSharedCertificates: []string{"cert-1"},
			}
		},
		v1alpha1.VendorGloo: func(c class) {
			c.Spec.Gloo = &v1alpha1.GlooOptions{
				Header: v1alpha1.GlooTransformation, SettingsRef: &v1alpha1.ObjectKey{Namespace: "gloo", Name: "default"},
			}
		},
		v1alpha1.VendorContour: func(c class) {
			c.Spec.Contour = &v1alpha1.ContourOptions{
				ServiceAccountToken: v1alpha1.ServiceAccountTokenMount, ServiceAccountName: "envoy",
			}
		},
		v1alpha1.VendorHAProxy:  func(c class) { c.Spec.HAProxy = &v1alpha1.HAProxyOptions{ClassField: v1alpha1.ClassFieldAnnotation} },
		v1alpha1.VendorEmissary: func(c class) { c.Spec.Emissary = &v1alpha1.EmissaryOptions{AmbassadorIDs: []string{"edge"}} },
		v1alpha1.VendorEnRoute:  func(c class) { c.Spec.EnRoute = &v1alpha1.EnRouteOptions{Namespace: "enroute"} },
	}
}

func vendorAcceptances() []acceptance[*v1alpha1.MeshIngressClass] {
	rows := []acceptance[*v1alpha1.MeshIngressClass]{
		{"EnvoyGateway with its Gateway", of(v1alpha1.VendorEnvoyGateway, attached)},
		{"GatewayAPI with its Gateway", of(v1alpha1.VendorGatewayAPI, attached)},
		{"Ngrok with a Gateway", of(v1alpha1.VendorNgrok, attached)},
		{"Ngrok without", of(v1alpha1.VendorNgrok)},
		{"EnvoyGateway, injected by EnvoyProxy", of(v1alpha1.VendorEnvoyGateway, attached, injectedInto(v1alpha1.InjectionTargetEnvoyProxy))},
		{"EnvoyGateway, injected by Namespace", of(v1alpha1.VendorEnvoyGateway, attached, injectedInto(v1alpha1.InjectionTargetNamespace))},
		{"GatewayAPI, injected by Gateway", of(v1alpha1.VendorGatewayAPI, attached, injectedInto(v1alpha1.InjectionTargetGateway))},
		{"Contour, injected by ContourDeployment", of(v1alpha1.VendorContour, injectedInto(v1alpha1.InjectionTargetContourDeployment))},
		{"Kong, injected by DataPlane", of(v1alpha1.VendorKong, injectedInto(v1alpha1.InjectionTargetDataPlane))},
		{"Kong, injected by GatewayConfiguration", of(v1alpha1.VendorKong, injectedInto(v1alpha1.InjectionTargetGatewayConfiguration))},
		{"Traefik, injected by workload", injectedInto(v1alpha1.InjectionTargetWorkload)},
	}
	for vendor, set := range allOptions() {
		rows = append(rows, acceptance[*v1alpha1.MeshIngressClass]{string(vendor) + " and its options", of(vendor, set)})
	}
	return rows
}

func vendorRejections() []rejection[*v1alpha1.MeshIngressClass] {
	type class = *v1alpha1.MeshIngressClass
	const gateway, target = "gatewayRef goes with the vendors", "dataPlane.injectionTarget is Auto or Workload"
	rows := []rejection[class]{
		{name: "EnvoyGateway without a Gateway", field: "spec", message: gateway, mutate: of(v1alpha1.VendorEnvoyGateway)},
		{name: "GatewayAPI without a Gateway", field: "spec", message: gateway, mutate: of(v1alpha1.VendorGatewayAPI)},
		{name: "Traefik with a Gateway", field: "spec", message: gateway, mutate: attached},
		{
			name: "a Gateway without a name", field: "spec.gatewayRef.name", message: "at least 1 chars long",
			mutate: of(v1alpha1.VendorGatewayAPI, func(c class) {
				c.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra"}}
			}),
		},
		{
			name: "Traefik, injected by Namespace", field: "spec", message: target,
			mutate: injectedInto(v1alpha1.InjectionTargetNamespace),
		},
		{
			name: "GatewayAPI, injected by EnvoyProxy", field: "spec", message: target,
			mutate: of(v1alpha1.VendorGatewayAPI, attached, injectedInto(v1alpha1.InjectionTargetEnvoyProxy)),
		},
		{
			name: "Kong, injected by ContourDeployment", field: "spec", message: target,
			mutate: of(v1alpha1.VendorKong, injectedInto(v1alpha1.InjectionTargetContourDeployment)),
		},
		{
			name: "an unknown conflict policy", field: "spec.dataPlane.conflictPolicy", message: "Unsupported value",
			mutate: func(c class) { c.Spec.DataPlane.ConflictPolicy = "Force" },
		},
		{
			name: "an unknown repair", field: "spec.dataPlane.repair", message: "Unsupported value",
			mutate: func(c class) { c.Spec.DataPlane.Repair = "Delete" },
		},
		{
			name: "a ServiceAccount of Contour without its token", field: "spec.contour",
			message: "serviceAccountName goes with serviceAccountToken: Mount",
			mutate: of(v1alpha1.VendorContour, func(c class) {
				c.Spec.Contour = &v1alpha1.ContourOptions{ServiceAccountName: "envoy"}
			}),
		},
		{
			name: "a ServiceAccount of Contour with a slash", field: "spec.contour.serviceAccountName", message: "should match",
			mutate: of(v1alpha1.VendorContour, func(c class) {
				c.Spec.Contour = &v1alpha1.ContourOptions{ServiceAccountToken: v1alpha1.ServiceAccountTokenMount, ServiceAccountName: "a/b"}
			}),
		},
		{
			name: "an unknown token of Contour", field: "spec.contour.serviceAccountToken", message: "Unsupported value",
			mutate: of(v1alpha1.VendorContour, func(c class) {
				c.Spec.Contour = &v1alpha1.ContourOptions{ServiceAccountToken: "Never"}
			}),
		},
		{
			name: "an unknown target", field: "spec.dataPlane.injectionTarget", message: "Unsupported value",
			mutate: injectedInto("Pod"),
		},
		{
			name: "an address of GCE with a slash", field: "spec.gce.staticIPName", message: "should match",
			mutate: of(v1alpha1.VendorGCE, func(c class) { c.Spec.GCE = &v1alpha1.GCEOptions{StaticIPName: "a/b"} }),
		},
		{
			name: "a certificate of GCE with a comma", field: "spec.gce.preSharedCertificates[0]", message: "should match",
			mutate: of(v1alpha1.VendorGCE, func(c class) { c.Spec.GCE = &v1alpha1.GCEOptions{PreSharedCertificates: []string{"a,b"}} }),
		},
		{
			name: "an unknown way of Gloo", field: "spec.gloo.header", message: "Unsupported value",
			mutate: of(v1alpha1.VendorGloo, func(c class) { c.Spec.Gloo = &v1alpha1.GlooOptions{Header: "Upstream"} }),
		},
		{
			name: "an unknown kind of F5Nginx", field: "spec.f5Nginx.routes", message: "Unsupported value",
			mutate: of(v1alpha1.VendorF5Nginx, func(c class) { c.Spec.F5Nginx = &v1alpha1.F5NginxOptions{Routes: "Route"} }),
		},
	}
	for vendor, set := range allOptions() {
		rows = append(rows, rejection[class]{
			name: "the options of " + string(vendor) + " for another vendor", field: "spec",
			message: "may be set only where vendor is " + string(vendor), mutate: set,
		})
	}
	return rows
}

var _ = Describe("MeshIngressClass of a vendor", func() {
	DescribeTable("is accepted with", func(ctx SpecContext, c acceptance[*v1alpha1.MeshIngressClass]) {
		c.check(ctx, validClass())
	}, acceptances(vendorAcceptances()))

	DescribeTable("is rejected with", func(ctx SpecContext, c rejection[*v1alpha1.MeshIngressClass]) {
		c.check(ctx, validClass())
	}, rejections(vendorRejections()))
})
