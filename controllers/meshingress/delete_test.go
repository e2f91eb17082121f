// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("Deleting a MeshIngress", func() {
	forEachVendor("puts everything back as it was", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		before, err := testEnv.Snapshot(ctx)
		Expect(err).NotTo(HaveOccurred())

		mi, _ := settle(ctx, create(ctx, web(class, v.extra)))
		route := routeObject(ctx, v)
		v.tamper(specOf(route))
		route.SetAnnotations(with(route.GetAnnotations(), "user.example.com/note", "keep"))
		Expect(user.Update(ctx, route)).To(Succeed())
		change(ctx, mi, withSpec(builders.WithRule("other.example.com", "/", "emoji-svc", "prom")))
		settle(ctx, mi)
		v.tamper(specOf(routeObject(ctx, v)))
		remove(ctx, mi)

		after, err := testEnv.Snapshot(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(env.Diff(before, after)).To(BeEmpty())
	})

	forEachVendor("leaves an object that has come to be somebody else's", func(ctx SpecContext, v vendorCase) {
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		taken := routeObject(ctx, v)
		taken.SetAnnotations(with(taken.GetAnnotations(), v1alpha1.OwnerAnnotation, ""))
		taken.SetOwnerReferences(nil)
		Expect(user.Update(ctx, taken)).To(Succeed())

		remove(ctx, mi)
		Expect(routeObjects(ctx)).To(HaveLen(1))
		Expect(routeObject(ctx, v).GetUID()).To(Equal(taken.GetUID()))
	})

	forEachVendor("leaves an object that a stranger made after ours was deleted", func(ctx SpecContext, v vendorCase) {
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		ours := routeObject(ctx, v)
		expect.ExpectDeleted(ctx, user, ours)
		theirs := strangersLike(ours)
		Expect(user.Create(ctx, theirs)).To(Succeed())

		remove(ctx, mi)
		Expect(routeObject(ctx, v).GetResourceVersion()).To(Equal(theirs.GetResourceVersion()))
	})

	forEachVendor("with policy Orphan leaves the objects, as nobody's", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		mi, _ := settle(ctx, create(ctx, web(class, v.extra, builders.WithDeletionPolicy(v1alpha1.DeletionOrphan))))
		before := routeObjects(ctx)

		remove(ctx, mi)
		after := routeObjects(ctx)
		Expect(after).To(HaveLen(len(before)))
		for name, o := range after {
			_, owned := translate.ParseOwner(o)
			Expect(owned).To(BeFalse())
			Expect(o.GetOwnerReferences()).To(BeEmpty())
			text, err := withoutManagedFields(o).MarshalJSON()
			Expect(err).NotTo(HaveOccurred())
			Expect(string(text)).NotTo(ContainSubstring(v1alpha1.GroupName))
			Expect(string(text)).NotTo(ContainSubstring(v1alpha1.ManagedByLabel))
			Expect(specOf(o)).To(Equal(specOf(before[name])))
			Expect(o.GetUID()).To(Equal(before[name].GetUID()))
		}

		By("not adopting them again")
		again := create(ctx, web(class, v.extra))
		versions := versionsOf(after)
		settle(ctx, again)
		ready := readyOf(ctx, again)
		Expect(ready.Status).To(Equal(metav1.ConditionFalse))
		Expect(ready.Reason).To(BeElementOf(v1alpha1.ReasonObjectConflict, v1alpha1.ReasonUnsupported))
		remove(ctx, again)
		Expect(versionsOf(routeObjects(ctx))).To(Equal(versions))
	})

	It("needs no class, no provider and no Service", func(ctx SpecContext) {
		class := createClass(ctx, ingressNginx())
		mi, _ := settle(ctx, create(ctx, web(class)))
		expect.ExpectDeleted(ctx, user, class, webService())
		remove(ctx, mi)
		Expect(routeObjects(ctx)).To(BeEmpty())
	})

	It("takes away one that was never accepted", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, builders.MeshIngress("web", namespace,
			builders.WithClass("nobody"), builders.WithRule("example.com", "/", "web-svc", 80))))
		Expect(mi.Finalizers).To(ConsistOf(v1alpha1.Finalizer))
		remove(ctx, mi)
	})

	It("is not held up by one whose finalizer was taken off, and by none at all", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, ingressNginx()))))
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Finalizers = []string{"example.com/other"} })
		expect.ExpectDeleted(ctx, user, mi)
		operator.Writes.Reset()
		reconcileOnce(ctx, mi)
		Expect(operator.Writes.Writes()).To(BeEmpty())

		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Finalizers = nil })
		expect.ExpectNotFound(ctx, user, mi)
		reconcileOnce(ctx, mi)
		Expect(operator.Writes.Writes()).To(BeEmpty())
	})

	It("looks again where an object changes under its hands, and says nothing of versions", func(ctx SpecContext) {
		v := ingressNginx()
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		expect.ExpectDeleted(ctx, user, mi)
		edited := false
		reconciler.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
			Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
				if !edited {
					edited = true
					route := routeObject(ctx, v)
					route.SetAnnotations(with(route.GetAnnotations(), "user.example.com/note", "now"))
					Expect(user.Update(ctx, route)).To(Succeed())
				}
				return c.Delete(ctx, obj, opts...)
			},
		})
		result := reconcileOnce(ctx, mi)
		Expect(edited).To(BeTrue())
		Expect(result.RequeueAfter).NotTo(BeZero())
		Expect(readyOf(ctx, mi).Message).NotTo(ContainSubstring("ResourceVersion"))
		reconcileOnce(ctx, mi)
		expect.ExpectNotFound(ctx, user, mi)
		Expect(routeObjects(ctx)).To(BeEmpty())
	})

	It("waits for a fault to pass, and forgets nothing", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, traefikHeader()))))
		expect.ExpectDeleted(ctx, user, mi)
		operator.Writes.Reset()
		operator.Faults.FailWrite(1)
		_, err := controllertest.Reconcile(ctx, reconciler, mi)
		Expect(err).To(MatchError(controllertest.ErrInjected))
		Expect(operator.Writes.Writes()).To(ContainElement(HavePrefix(http.MethodDelete)))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReleasing)
		operator.ReconcileUntilSettled(ctx, reconciler, mi)
		expect.ExpectNotFound(ctx, user, mi)
		Expect(routeObjects(ctx)).To(BeEmpty())
	})
})

func withoutManagedFields(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	o.SetManagedFields(nil)
	return o
}
