// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"maps"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("A stranger's object of the same name", func() {
	forEachVendor("keeps everything from being written, until it is gone", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		isMeshed(ctx, class, v)

		By("learning the names of the objects")
		first, _ := settle(ctx, create(ctx, web(class, v.extra)))
		wanted := routeObjects(ctx)
		Expect(wanted).To(HaveLen(len(v.kinds) + 1))
		remove(ctx, first)

		By("putting a stranger's in the place of each in turn")
		for _, name := range slices.Sorted(maps.Keys(wanted)) {
			theirs := strangersLike(wanted[name])
			if theirs.GetKind() == v.route {
				v.tamper(specOf(theirs))
			}
			Expect(user.Create(ctx, theirs)).To(Succeed())

			operator.Reset()
			reconciler = operator.MeshIngress()
			mi, result := settle(ctx, create(ctx, web(class, v.extra)))
			Expect(versionsOf(routeObjects(ctx))).To(Equal(map[string]string{name: theirs.GetResourceVersion()}))
			Expect(mi.Status.Inventory).To(BeEmpty())
			for _, kind := range []string{v1alpha1.ConditionProgrammed, v1alpha1.ConditionReady} {
				expect.ExpectCondition(ctx, user, mi, kind, metav1.ConditionFalse, v1alpha1.ReasonObjectConflict)
			}
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionConflicted, metav1.ConditionTrue, v1alpha1.ReasonObjectConflict)
			expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionConflicted,
				theirs.GetKind()+" "+namespace+"/"+theirs.GetName(), "delete", "rename")
			Expect(operator.Metric("meshingress_conflicts_total", theirs.GetKind())).To(BeNumerically(">=", 1))
			Expect(operator.Events.Events()).To(HaveExactElements(HavePrefix("Warning ObjectConflict: ")))
			Expect(result.RequeueAfter).To(BeNumerically(">=", longRetry))

			expect.ExpectDeleted(ctx, user, theirs)
			mi, _ = settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
			expect.ExpectNoCondition(ctx, user, mi, v1alpha1.ConditionConflicted)
			Expect(routeObjects(ctx)).To(HaveLen(len(wanted)))
			remove(ctx, mi)
		}
	})

	It("keeps a change from being written, also to the objects that are ours", func(ctx SpecContext) {
		v := traefikHeader()
		class := createClass(ctx, v)
		first, _ := settle(ctx, create(ctx, web(class, v.extra)))
		wanted := routeObjects(ctx)
		remove(ctx, first)

		mi, _ := settle(ctx, create(ctx, web(class)))
		ours := routeObjects(ctx)
		for name, o := range wanted {
			if _, there := ours[name]; !there {
				Expect(user.Create(ctx, strangersLike(o))).To(Succeed())
			}
		}
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { v.extra(mi) })
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonObjectConflict)
		for name, version := range versionsOf(ours) {
			Expect(routeObjects(ctx)[name].GetResourceVersion()).To(Equal(version))
		}
	})
})

// strangersLike is an object of the same kind, name and spec without our marks.
func strangersLike(o *unstructured.Unstructured) *unstructured.Unstructured {
	theirs := &unstructured.Unstructured{Object: map[string]any{"spec": o.DeepCopy().Object["spec"]}}
	theirs.SetGroupVersionKind(o.GroupVersionKind())
	theirs.SetNamespace(o.GetNamespace())
	theirs.SetName(o.GetName())
	return theirs
}
