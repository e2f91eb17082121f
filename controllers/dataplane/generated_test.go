// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// generated is a workload as the controller of a vendor makes it.
type generated struct {
	vendor   v1alpha1.Vendor
	fixture  string
	workload v1alpha1.WorkloadReference
	owner    *metav1.OwnerReference // nil where the vendor sets none
	options  []builders.ClassOption

	// target is the kind that Auto annotates in its place; empty where there is none.
	target string

	// remedy is what a class is told that asks for the pod template.
	remedy []string
}

// unmarked is an owner that is not said to be the controller, as Istio and Envoy Gateway
// set it.
func unmarked(kind, name string) *metav1.OwnerReference {
	return &metav1.OwnerReference{APIVersion: "gateway.networking.k8s.io/v1", Kind: kind, Name: name, UID: "some-uid"}
}

func marked(apiVersion, kind, name string) *metav1.OwnerReference {
	return &metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: "some-uid", Controller: new(true)}
}

var (
	envoyMade = v1alpha1.WorkloadReference{
		Kind: "Deployment", Namespace: envoyNamespace, Name: "envoy-infra-public-8d55c10f",
	}
	fabricMade      = v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "infra", Name: "public-nginx"}
	provisionerMade = v1alpha1.WorkloadReference{Kind: "DaemonSet", Namespace: "infra", Name: "envoy-public"}
	helmMade        = v1alpha1.WorkloadReference{
		Kind: "Deployment", Namespace: "nginx-ingress", Name: "nginx-ingress-controller",
	}
)

func (g generated) install(ctx SpecContext) {
	GinkgoHelper()
	installLinkerd(ctx)
	install(ctx, g.fixture)
	if g.owner != nil {
		edit[client.Object](ctx, object(ctx, g.workload), func(o client.Object) { o.SetOwnerReferences([]metav1.OwnerReference{*g.owner}) })
	}
	DeferCleanup(func(ctx SpecContext) {
		for _, ns := range []string{g.workload.Namespace, "nginx-gateway"} {
			for _, kind := range []client.Object{&appsv1.Deployment{}, &batchv1.Job{}} {
				Expect(testEnv.Client.DeleteAllOf(ctx, kind, client.InNamespace(ns),
					client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
			}
			deleteServices(ctx, ns)
		}
	})
}

func withIngresses(class *v1alpha1.MeshIngressClass) {
	class.Spec.F5Nginx = &v1alpha1.F5NginxOptions{Routes: v1alpha1.F5NginxIngress}
}

func (g generated) named(class *v1alpha1.MeshIngressClass) {
	builders.WithWorkload(g.workload.Kind, g.workload.Namespace, g.workload.Name)(class)
}

var _ = DescribeTable("A workload that another controller generates is not patched, though the class names it",
	func(ctx SpecContext, g generated) {
		g.install(ctx)
		before := snapshot(ctx)
		class := newClass(ctx, "public", g.vendor, append(g.options, g.named)...)
		settle(ctx, class)
		Expect(workloadWrites()).To(BeEmpty())
		if g.target == "" {
			expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, g.remedy...)
		} else {
			Expect(latest(ctx, class).Status.Claims).To(ContainElement(HaveField("Kind", g.target)))
		}

		By("the class asks for the pod template")
		change(ctx, class, withTarget(v1alpha1.InjectionTargetWorkload))
		settle(ctx, class)
		Expect(workloadWrites()).To(BeEmpty())
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, g.remedy...)

		remove(ctx, class)
		expectSame(ctx, before)
	},
	Entry("Envoy Gateway's", generated{
		vendor: v1alpha1.VendorEnvoyGateway, fixture: fixtures.EnvoyGateway, workload: envoyMade,
		owner: unmarked("GatewayClass", "eg"), options: []builders.ClassOption{forGateway},
		target: "Namespace", remedy: []string{"spec.dataPlane.injectionTarget", "Namespace, Gateway, EnvoyProxy"},
	}),
	Entry("Envoy Gateway's, by a class of any implementation", generated{
		vendor: v1alpha1.VendorGatewayAPI, fixture: fixtures.EnvoyGateway, workload: envoyMade,
		owner: unmarked("GatewayClass", "eg"), options: []builders.ClassOption{forGateway},
		target: "Gateway", remedy: []string{"GatewayClass eg", "injectionTarget to Gateway"},
	}),
	Entry("NGINX Gateway Fabric's", generated{
		vendor: v1alpha1.VendorGatewayAPI, fixture: fixtures.GatewayAPI, workload: fabricMade,
		owner: marked("gateway.networking.k8s.io/v1", "Gateway", "public"), options: []builders.ClassOption{forGateway},
		target: "Gateway", remedy: []string{"Gateway public", "injectionTarget to Gateway"},
	}),
	Entry("one of an implementation that does not mark itself as its controller", generated{
		vendor: v1alpha1.VendorGatewayAPI, fixture: fixtures.GatewayAPI, workload: fabricMade,
		owner: unmarked("Gateway", "public"), options: []builders.ClassOption{forGateway},
		target: "Gateway", remedy: []string{"Gateway public", "injectionTarget to Gateway"},
	}),
	Entry("one that only a label tells of", generated{
		vendor: v1alpha1.VendorGatewayAPI, fixture: fixtures.GatewayAPI, workload: fabricMade,
		options: []builders.ClassOption{forGateway},
		target:  "Gateway", remedy: []string{"Gateway public", "injectionTarget to Gateway"},
	}),
	Entry("that of Contour's provisioner", generated{
		vendor: v1alpha1.VendorContour, fixture: fixtures.ContourProvisioner, workload: provisionerMade,
		target: "ContourDeployment", remedy: []string{"Gateway public", "injectionTarget to ContourDeployment"},
	}),
	Entry("that of F5's operator", generated{
		vendor: v1alpha1.VendorF5Nginx, fixture: fixtures.F5Nginx, workload: helmMade,
		owner:   marked("charts.nginx.org/v1alpha1", "NginxIngress", "edge"),
		options: []builders.ClassOption{withIngresses},
		remedy:  []string{"NginxIngress edge", "annotate it there", "spec.dataPlane.injection to Ignore"},
	}),
)
