// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/fixtures"
)

const operatorGroup = "gateway-operator.konghq.com"

var (
	// kongGateway proxies requests, and kongController tells it what to do.
	kongGateway    = v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "kong", Name: "kong-gateway"}
	kongController = v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "kong", Name: "kong-controller"}

	// kongMade is what the Kong Operator makes of a DataPlane.
	kongMade = v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "infra", Name: "dataplane-public-wx8kd-7sm2q"}
)

func kongDataPlane() *unstructured.Unstructured {
	return named(operatorGroup, "v1beta1", "DataPlane", "infra", "public-wx8kd")
}

func kongConfiguration() *unstructured.Unstructured {
	return named(operatorGroup, "v2beta1", "GatewayConfiguration", "infra", "kong")
}

// own makes an object look as if the controller of another had made it.
func own(ctx SpecContext, owner, object client.Object) {
	GinkgoHelper()
	live := latest(ctx, owner)
	edit(ctx, object, func(o client.Object) {
		o.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(live, live.GetObjectKind().GroupVersionKind())})
	})
}

func podAnnotations(ctx SpecContext, object *unstructured.Unstructured, options ...string) map[string]string {
	GinkgoHelper()
	path := append(options, "deployment", "podTemplateSpec", "metadata", "annotations")
	all, _, err := unstructured.NestedStringMap(latest(ctx, object).Object, path...)
	Expect(err).NotTo(HaveOccurred())
	return all
}

var _ = Describe("Kong", func() {
	BeforeEach(func(ctx SpecContext) { installLinkerd(ctx) })

	AfterEach(func(ctx SpecContext) {
		for _, ns := range []string{"kong", "kong-system"} {
			Expect(testEnv.Client.DeleteAllOf(ctx, &appsv1.Deployment{}, client.InNamespace(ns))).To(Succeed())
			deleteServices(ctx, ns)
		}
		for _, kind := range []*unstructured.Unstructured{kongDataPlane(), kongConfiguration()} {
			Expect(testEnv.Client.DeleteAllOf(ctx, kind, client.InNamespace("infra"))).To(Succeed())
		}
	})

	It("is meshed without its controller, where they are two Deployments", func(ctx SpecContext) {
		install(ctx, fixtures.Kong)
		before := snapshot(ctx)
		class := newClass(ctx, "kong", v1alpha1.VendorKong)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, kongGateway)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}))
		Expect(linkerdAnnotations(ctx, kongController)).To(BeEmpty())
		Expect(workloadWrites()).To(HaveEach(ContainSubstring(pathOf(kongGateway))))
		remove(ctx, class)
		expectSame(ctx, before)
	})

	Context("made by the Kong Operator", func() {
		BeforeEach(func(ctx SpecContext) {
			install(ctx, fixtures.KongOperator)
			own(ctx, kongDataPlane(), object(ctx, kongMade))
		})

		It("is annotated in the DataPlane", func(ctx SpecContext) {
			before := snapshot(ctx)
			class := newClass(ctx, "kong", v1alpha1.VendorKong)
			settle(ctx, class)
			Expect(podAnnotations(ctx, kongDataPlane(), "spec")).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000"}))
			Expect(podAnnotations(ctx, kongConfiguration(), "spec", "dataPlaneOptions")).To(BeEmpty())
			Expect(workloadWrites()).To(BeEmpty())
			expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress)
			Expect(latest(ctx, class).Status.Claims).To(ConsistOf(HaveField("Kind", "DataPlane")))
			remove(ctx, class)
			expectSame(ctx, before)
		})

		It("is annotated in the GatewayConfiguration, where the DataPlane is made of a Gateway", func(ctx SpecContext) {
			own(ctx, named("gateway.networking.k8s.io", "v1", "Gateway", "infra", "public"), kongDataPlane())
			before := snapshot(ctx)
			class := newClass(ctx, "kong", v1alpha1.VendorKong)
			settle(ctx, class)
			Expect(podAnnotations(ctx, kongConfiguration(), "spec", "dataPlaneOptions")).
				To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000"}))
			Expect(podAnnotations(ctx, kongDataPlane(), "spec")).To(BeEmpty())
			Expect(workloadWrites()).To(BeEmpty())
			Expect(latest(ctx, class).Status.Claims).To(ConsistOf(HaveField("Kind", "GatewayConfiguration")))
			remove(ctx, class)
			expectSame(ctx, before)
		})

		It("keeps what a GatewayConfiguration says besides", func(ctx SpecContext) {
			own(ctx, named("gateway.networking.k8s.io", "v1", "Gateway", "infra", "public"), kongDataPlane())
			edit(ctx, kongConfiguration(), func(o *unstructured.Unstructured) {
				Expect(unstructured.SetNestedSlice(o.Object, []any{map[string]any{"name": "proxy", "image": "kong:3.9"}},
					"spec", "dataPlaneOptions", "deployment", "podTemplateSpec", "spec", "containers")).To(Succeed())
				Expect(unstructured.SetNestedField(o.Object, "yes",
					"spec", "dataPlaneOptions", "deployment", "podTemplateSpec", "metadata", "annotations", "example.com/theirs")).
					To(Succeed())
			})
			before := snapshot(ctx)
			class := newClass(ctx, "kong", v1alpha1.VendorKong)
			settle(ctx, class)
			Expect(podAnnotations(ctx, kongConfiguration(), "spec", "dataPlaneOptions")).
				To(And(HaveKeyWithValue(inject, "enabled"), HaveKeyWithValue("example.com/theirs", "yes")))
			remove(ctx, class)
			expectSame(ctx, before)
		})

		It("is annotated where a GatewayConfiguration says nothing", func(ctx SpecContext) {
			own(ctx, named("gateway.networking.k8s.io", "v1", "Gateway", "infra", "public"), kongDataPlane())
			edit(ctx, kongConfiguration(), func(o *unstructured.Unstructured) { delete(o.Object, "spec") })
			before := snapshot(ctx)
			class := newClass(ctx, "kong", v1alpha1.VendorKong)
			settle(ctx, class)
			Expect(podAnnotations(ctx, kongConfiguration(), "spec", "dataPlaneOptions")).To(HaveKeyWithValue(inject, "enabled"))
			remove(ctx, class)
			expectSame(ctx, before)
		})

		// The API server would refuse the release: it makes null of what somebody owns empty.
		It("is left alone where a GatewayConfiguration has an empty field", func(ctx SpecContext) {
			own(ctx, named("gateway.networking.k8s.io", "v1", "Gateway", "infra", "public"), kongDataPlane())
			edit(ctx, kongConfiguration(), func(o *unstructured.Unstructured) { o.Object["spec"] = map[string]any{} })
			before := snapshot(ctx)
			class := newClass(ctx, "kong", v1alpha1.VendorKong)
			settle(ctx, class)
			expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, "spec of GatewayConfiguration infra/kong is empty")
			remove(ctx, class)
			expectSame(ctx, before)
		})

		DescribeTable("is not touched where the class names", func(ctx SpecContext, to v1alpha1.InjectionTarget, remedy string) {
			own(ctx, named("gateway.networking.k8s.io", "v1", "Gateway", "infra", "public"), kongDataPlane())
			before := snapshot(ctx)
			class := newClass(ctx, "kong", v1alpha1.VendorKong, withTarget(to))
			settle(ctx, class)
			expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, remedy)
			expectSame(ctx, before)
		},
			Entry("the workload", v1alpha1.InjectionTargetWorkload, "DataPlane public-wx8kd"),
			Entry("a DataPlane that is made itself", v1alpha1.InjectionTargetDataPlane, "GatewayConfiguration"),
		)
	})
})
