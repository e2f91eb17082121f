// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("Drift", func() {
	edits := map[string]func(context.Context, vendorCase, *unstructured.Unstructured) error{
		"an annotation that was edited": func(ctx context.Context, _ vendorCase, o *unstructured.Unstructured) error {
			o.SetAnnotations(with(o.GetAnnotations(), "example.com/team", "voting"))
			return user.Update(ctx, o)
		},
		"an annotation that was removed": func(ctx context.Context, _ vendorCase, o *unstructured.Unstructured) error {
			o.SetAnnotations(with(o.GetAnnotations(), "example.com/team", ""))
			return user.Update(ctx, o)
		},
		"a label that was removed": func(ctx context.Context, _ vendorCase, o *unstructured.Unstructured) error {
			o.SetLabels(with(o.GetLabels(), v1alpha1.ManagedByLabel, ""))
			return user.Update(ctx, o)
		},
		"an owner reference that was removed": func(ctx context.Context, _ vendorCase, o *unstructured.Unstructured) error {
			o.SetOwnerReferences(nil)
			return user.Update(ctx, o)
		},
		"a field of the spec that was updated": func(ctx context.Context, v vendorCase, o *unstructured.Unstructured) error {
			v.tamper(specOf(o))
			return user.Update(ctx, o)
		},
		"a field of the spec that was taken by a forced apply": func(ctx context.Context, v vendorCase, o *unstructured.Unstructured) error {
			v.tamper(specOf(o))
			body := &unstructured.Unstructured{Object: map[string]any{"spec": specOf(o)}}
			body.SetGroupVersionKind(o.GroupVersionKind())
			body.SetNamespace(o.GetNamespace())
			body.SetName(o.GetName())
			return user.Apply(ctx, client.ApplyConfigurationFromUnstructured(body), client.FieldOwner("helm"), client.ForceOwnership)
		},
		"an object that was deleted": func(ctx context.Context, _ vendorCase, o *unstructured.Unstructured) error {
			return user.Delete(ctx, o)
		},
	}
	for what, edit := range edits {
		forEachVendor("puts right "+what, func(ctx SpecContext, v vendorCase) {
			mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
			before := routeObject(ctx, v)

			Expect(edit(ctx, v, before.DeepCopy())).To(Succeed())
			operator.ReconcileUntilSettled(ctx, reconciler, mi)

			after := routeObject(ctx, v)
			Expect(after.GetLabels()).To(Equal(before.GetLabels()))
			Expect(after.GetAnnotations()).To(Equal(before.GetAnnotations()))
			Expect(after.GetOwnerReferences()).To(Equal(before.GetOwnerReferences()))
			Expect(specOf(after)).To(Equal(specOf(before)))
			Expect(operator.Metric("meshingress_drift_corrections_total", v.route)).To(Equal(1.0))
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		})
	}

	forEachVendor("is not what a user adds of their own", func(ctx SpecContext, v vendorCase) {
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		route := routeObject(ctx, v)
		route.SetAnnotations(with(route.GetAnnotations(), "user.example.com/note", "keep"))
		Expect(user.Update(ctx, route)).To(Succeed())

		operator.Writes.Reset()
		reconcileOnce(ctx, mi)
		Expect(operator.Writes.Writes()).To(BeEmpty())
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) {
			mi.Spec.Rules[0].Paths[0].Backends[0].Service.Name = "voting-svc"
			mi.Spec.Rules[0].Paths[0].Backends[0].Service.Port.Number = 8801
		})
		settle(ctx, mi)
		Expect(routeObject(ctx, v).GetAnnotations()).To(HaveKeyWithValue("user.example.com/note", "keep"))
		Expect(operator.Metric("meshingress_drift_corrections_total", v.route)).To(BeZero())
	})

	It("of the marks of ownership is repaired, because the owner reference says whose it is", func(ctx SpecContext) {
		v := ingressNginx()
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		for _, take := range []func(route *unstructured.Unstructured){
			func(route *unstructured.Unstructured) {
				route.SetLabels(with(route.GetLabels(), v1alpha1.OwnerLabel, ""))
			},
			func(route *unstructured.Unstructured) {
				route.SetAnnotations(with(route.GetAnnotations(), v1alpha1.OwnerAnnotation, ""))
			},
		} {
			route := routeObject(ctx, v)
			take(route)
			Expect(user.Update(ctx, route)).To(Succeed())
			mi, _ = settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
			_, marked := translate.ParseOwner(routeObject(ctx, v))
			Expect(marked).To(BeTrue())
		}
	})

	It("of every sign of ownership gives the object away, and says how to get it back", func(ctx SpecContext) {
		v := ingressNginx()
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		route := routeObject(ctx, v)
		route.SetLabels(with(route.GetLabels(), v1alpha1.OwnerLabel, ""))
		route.SetOwnerReferences(nil)
		Expect(user.Update(ctx, route)).To(Succeed())

		mi, _ = settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonObjectConflict)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionProgrammed, "Ingress "+namespace+"/web", "delete")
		expect.ExpectDeleted(ctx, user, route)
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	})
})

// with sets a key, or removes it where the value is empty.
func with(all map[string]string, key, value string) map[string]string {
	changed := map[string]string{}
	for k, v := range all {
		changed[k] = v
	}
	if changed[key] = value; value == "" {
		delete(changed, key)
	}
	return changed
}
