// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/meshingress"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("Two MeshIngresses with one route", func() {
	named := func(name string) builders.MeshIngressOption {
		return func(mi *v1alpha1.MeshIngress) { mi.Name = name }
	}

	forEachVendor("are served by the older, and by the younger when that is gone", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		// Of two of one second the name decides.
		older := create(ctx, web(class, named("a")))
		younger := create(ctx, web(class, named("b")))
		settle(ctx, younger)
		settle(ctx, older)
		settle(ctx, younger)

		expect.ExpectCondition(ctx, user, older, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		expect.ExpectCondition(ctx, user, younger, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonRouteTaken)
		expect.ExpectConditionMessage(ctx, user, younger, v1alpha1.ConditionAccepted,
			"spec.rules[0]", namespace+"/a", "remove it from one of them")
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(v.kinds))

		remove(ctx, older)
		settle(ctx, younger)
		expect.ExpectCondition(ctx, user, younger, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(v.kinds))
	})

	It("do not disturb each other where one of them may not use the class, or has another", func(ctx SpecContext) {
		v := ingressNginx()
		class := createClass(ctx, v, builders.WithAllowedNamespaces(map[string]string{"ingress": "allowed"}))
		elsewhere := namespace // by its name the older of one second
		settle(ctx, create(ctx, web(class, named("a"))))

		namespace = createNamespace(ctx, map[string]string{"ingress": "allowed"})
		mi := create(ctx, web(class, named("b")))
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)

		other := create(ctx, web(createClass(ctx, traefikClusterIP()), named("c")))
		settle(ctx, other)
		expect.ExpectCondition(ctx, user, other, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)

		By("allowing the older one's namespace")
		label(ctx, elsewhere, "allowed")
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonRouteTaken)
	})

	It("count as of one class where one names the default and the other nothing", func(ctx SpecContext) {
		class := createClass(ctx, ingressNginx(), builders.AsDefault())
		settle(ctx, create(ctx, web(&v1alpha1.MeshIngressClass{}, named("a"))))
		younger := create(ctx, web(class, named("b")))
		settle(ctx, younger)
		expect.ExpectCondition(ctx, user, younger, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonRouteTaken)
	})

	It("of which one is a stranger's in another namespace are served when that is gone", func(ctx SpecContext) {
		v := contour()
		class := createClass(ctx, v)
		isMeshed(ctx, class, v)
		first, _ := settle(ctx, create(ctx, web(class)))
		theirs := strangersLike(routeObject(ctx, v))
		remove(ctx, first)

		elsewhere := namespace
		theirs.SetName("theirs")
		Expect(user.Create(ctx, theirs)).To(Succeed())
		namespace = createNamespace(ctx, nil)
		mi := create(ctx, web(class))
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonUnsupported)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAccepted,
			"spec.rules[0].paths[0]", "HTTPProxy "+elsewhere+"/theirs", "remove the other")

		By("waking the one that is refused")
		expect.ExpectDeleted(ctx, user, theirs)
		Expect(meshingress.OfObject(reconciler, ctx, theirs)).
			To(ConsistOf(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(mi)}))
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})
})
