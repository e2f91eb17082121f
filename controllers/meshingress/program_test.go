// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("A MeshIngress", func() {
	forEachVendor("is programmed", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		isMeshed(ctx, class, v)
		mi, result := settle(ctx, create(ctx, web(class)))

		By("generating the vendor's objects, each marked and owned")
		generated := routeObjects(ctx)
		Expect(kindsOf(generated)).To(ConsistOf(v.kinds))
		for _, o := range generated {
			Expect(translate.OwnerOf(mi).Owns(o)).To(BeTrue())
			Expect(o.GetLabels()).To(HaveKeyWithValue(v1alpha1.ManagedByLabel, v1alpha1.ManagedByValue))
			Expect(metav1.IsControlledBy(o, mi)).To(BeTrue())
		}
		route := routeObject(ctx, v)
		Expect(route.GetLabels()).To(HaveKeyWithValue("team", "emoji"))
		Expect(route.GetAnnotations()).To(HaveKeyWithValue("example.com/team", "emoji"))

		By("saying so in the status")
		for kind, reason := range map[string]string{
			v1alpha1.ConditionAccepted:     v1alpha1.ReasonAccepted,
			v1alpha1.ConditionResolvedRefs: v1alpha1.ReasonResolvedRefs,
			v1alpha1.ConditionProgrammed:   v1alpha1.ReasonProgrammed,
			v1alpha1.ConditionMeshed:       v1alpha1.ReasonMeshed,
			v1alpha1.ConditionReady:        v1alpha1.ReasonReady,
		} {
			expect.ExpectCondition(ctx, user, mi, kind, metav1.ConditionTrue, reason)
		}
		expect.ExpectNoCondition(ctx, user, mi, v1alpha1.ConditionConflicted)
		Expect(mi.Status.ObservedGeneration).To(Equal(mi.Generation))
		Expect(mi.Status.ClassName).To(Equal(class.Name))
		Expect(mi.Status.Strategy).To(Equal(v.strategy))
		Expect(mi.Status.Routes).To(ConsistOf(v1alpha1.RouteStatus{
			Host: "example.com", Path: "/", PathType: v1alpha1.PathTypePrefix,
			Destination: "web-svc." + namespace + ".svc.cluster.local:80", Strategy: v.strategy,
		}))
		var objects []*unstructured.Unstructured
		for _, o := range generated {
			objects = append(objects, o)
		}
		Expect(mi.Status.Inventory).To(ConsistOf(inventory.Of(objects)))
		Expect(mi.Finalizers).To(ConsistOf(v1alpha1.Finalizer))

		By("telling the user once, and coming to rest")
		Expect(operator.Events.Events()).To(ConsistOf("Normal Ready: everything holds as observed"))
		Expect(result.RequeueAfter).To(BeZero())
		operator.Writes.Reset()
		reconcileOnce(ctx, mi)
		Expect(operator.Writes.Writes()).To(BeEmpty())
		Expect(operator.Events.Events()).To(HaveLen(1))
		Expect(operator.Metric("meshingress_drift_corrections_total", route.GetKind())).To(BeZero())
	})

	forEachVendor("costs few writes", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		isMeshed(ctx, class, v)
		mi := create(ctx, web(class))

		reconcileOnce(ctx, mi)
		// The finalizer, the inventory, each object, and the rest of the status.
		Expect(operator.Writes.Writes()).To(HaveLen(3 + len(v.kinds)))
		operator.Writes.Reset()
		reconcileOnce(ctx, mi)
		Expect(operator.Writes.Writes()).To(BeEmpty())

		expect.ExpectDeleted(ctx, user, mi)
		reconcileOnce(ctx, mi)
		// Each object, and the finalizer.
		Expect(operator.Writes.Writes()).To(HaveLen(1 + len(v.kinds)))
		expect.ExpectNotFound(ctx, user, mi)
	})

	forEachVendor("follows a change of its spec, and prunes what is left over", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		mi, _ := settle(ctx, create(ctx, web(class, v.extra)))
		Expect(routeObjects(ctx)).To(HaveLen(len(v.kinds) + 1))
		Expect(mi.Status.Inventory).To(HaveLen(len(v.kinds) + 1))

		smaller := web(class)
		smaller.Spec.Rules[0].Paths[0].Backends[0].Service.Name = "voting-svc"
		smaller.Spec.Rules[0].Paths[0].Backends[0].Service.Port.Number = 8801
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec = smaller.Spec })
		mi, _ = settle(ctx, mi)

		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(v.kinds))
		Expect(mi.Status.Inventory).To(HaveLen(len(v.kinds)))
		Expect(mi.Status.Routes).To(HaveLen(1))
		Expect(mi.Status.Routes[0].Destination).To(HavePrefix("voting-svc."))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		text, err := routeObject(ctx, v).MarshalJSON()
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).To(ContainSubstring("voting-svc"))
		Expect(string(text)).NotTo(ContainSubstring("web-svc"))
		Expect(operator.Metric("meshingress_drift_corrections_total", v.route)).To(BeZero())
	})

	It("follows a Service whose port gets another number", func(ctx SpecContext) {
		mi := create(ctx, web(createClass(ctx, contour()), withSpecRule("example.com", "/", "web-svc", "http")))
		settle(ctx, mi)
		svc := webService()
		Expect(user.Get(ctx, client.ObjectKeyFromObject(svc), svc)).To(Succeed())
		svc.Spec.Ports[0].Port = 8080
		Expect(user.Update(ctx, svc)).To(Succeed())
		mi, _ = settle(ctx, mi)
		Expect(mi.Status.Routes[0].Destination).To(HaveSuffix(":8080"))
	})
})
