// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("The class of a MeshIngress", func() {
	It("may not be there yet", func(ctx SpecContext) {
		mi := create(ctx, builders.MeshIngress("web", namespace,
			builders.WithClass("nobody"), builders.WithRule("example.com", "/", "web-svc", 80)))
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonClassNotFound)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAccepted, "spec.className", `"nobody"`, "create it")
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionMeshed, metav1.ConditionUnknown, v1alpha1.ReasonPending)
		Expect(routeObjects(ctx)).To(BeEmpty())
		Expect(operator.Events.Events()).To(HaveExactElements(HavePrefix("Warning ClassNotFound: spec.className")))
	})

	It("may go, and what was applied stays", func(ctx SpecContext) {
		class := createClass(ctx, ingressNginx())
		mi, _ := settle(ctx, create(ctx, web(class)))
		before := versionsOf(routeObjects(ctx))
		expect.ExpectDeleted(ctx, user, class)
		after, _ := settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonClassNotFound)
		Expect(versionsOf(routeObjects(ctx))).To(Equal(before))
		Expect(after.Status.Inventory).To(Equal(mi.Status.Inventory))
		Expect(after.Status.Routes).To(Equal(mi.Status.Routes))
	})

	It("is the default one where none is named, of two the oldest", func(ctx SpecContext) {
		mi := web(&v1alpha1.MeshIngressClass{})
		settle(ctx, create(ctx, mi))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonClassNotFound)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAccepted, "spec.className", "is-default-class")

		// Times have seconds, and of two of one second the name decides.
		oldest := createClass(ctx, ingressNginx(), builders.AsDefault())
		younger := createClass(ctx, traefikClusterIP(), builders.AsDefault())
		if younger.CreationTimestamp.Equal(&oldest.CreationTimestamp) && younger.Name < oldest.Name {
			oldest, younger = younger, oldest
		}
		settled, _ := settle(ctx, mi)
		Expect(settled.Status.ClassName).To(Equal(oldest.Name))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)

		expect.ExpectDeleted(ctx, user, oldest)
		isFound(ctx, younger)
		settled, _ = settle(ctx, mi)
		Expect(settled.Status.ClassName).To(Equal(younger.Name))
	})

	It("may not allow the namespace, until that is labeled", func(ctx SpecContext) {
		class := createClass(ctx, ingressNginx(), builders.WithAllowedNamespaces(map[string]string{"ingress": "allowed"}))
		mi := create(ctx, web(class))
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonNamespaceNotAllowed)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAccepted, "spec.className", namespace, "label the Namespace")
		Expect(routeObjects(ctx)).To(BeEmpty())

		label(ctx, namespace, "allowed")
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		before := versionsOf(routeObjects(ctx))

		label(ctx, namespace, "no longer")
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonNamespaceNotAllowed)
		Expect(versionsOf(routeObjects(ctx))).To(Equal(before))
	})

	It("may ask for a routing that the vendor does not have", func(ctx SpecContext) {
		v := contour()
		v.routing = v1alpha1.RoutingClusterIP
		mi := create(ctx, web(createClass(ctx, v)))
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonUnsupported)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAccepted, "spec.", "set spec.routing to Auto")
	})

	It("may be of a vendor whose CRDs come and go", func(ctx SpecContext) {
		v := contour()
		class := createClass(ctx, v)
		isMeshed(ctx, class, v)
		mi, _ := settle(ctx, create(ctx, web(class)))

		DeferCleanup(func(ctx SpecContext) { Expect(testEnv.InstallCRDs(ctx, crds.Contour)).To(Succeed()) })
		Expect(testEnv.RemoveCRDs(ctx, crds.Contour)).To(Succeed())
		after, _ := settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonVendorNotServed)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAccepted,
			"spec.", "httpproxies.projectcontour.io", "install the vendor's CRDs")
		Expect(after.Status.Inventory).To(Equal(mi.Status.Inventory))

		By("a deletion that a missing kind does not hold up, also for an operator that starts without it")
		other := create(ctx, web(class, func(mi *v1alpha1.MeshIngress) { mi.Name = "other" }))
		settle(ctx, other)
		recorded := expect.ExpectExists(ctx, user, other)
		recorded.Status.Inventory = mi.Status.Inventory
		Expect(user.Status().Update(ctx, recorded)).To(Succeed())
		fresh, err := controllertest.NewClient(ctx, testEnv)
		Expect(err).NotTo(HaveOccurred())
		reconciler.Client, reconciler.Live = fresh, fresh
		expect.ExpectDeleted(ctx, user, other)
		reconcileOnce(ctx, other)
		expect.ExpectNotFound(ctx, user, other)

		By("their return")
		reconciler.Client, reconciler.Live = operator.Client, operator.Client
		Expect(testEnv.InstallCRDs(ctx, crds.Contour)).To(Succeed())
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(v.kinds))
	})

	It("says what the class observes of its pods", func(ctx SpecContext) {
		v := traefikHeader()
		class := createClass(ctx, v)
		mi := create(ctx, web(class))
		expectMeshed := func(status metav1.ConditionStatus, reason string, words ...string) {
			GinkgoHelper()
			settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionMeshed, status, reason)
			expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionMeshed, words...)
		}
		expectMeshed(metav1.ConditionUnknown, v1alpha1.ReasonPending, class.Name, "not been looked at")
		for _, status := range []metav1.ConditionStatus{metav1.ConditionFalse, metav1.ConditionUnknown, metav1.ConditionTrue} {
			setMeshed(ctx, class, v, status, "SomeReason", "what the class says")
			expectMeshed(status, "SomeReason", "what the class says")
		}

		By("passing over what is about another routing, or about an older class")
		setMeshed(ctx, class, traefikClusterIP(), metav1.ConditionTrue, v1alpha1.ReasonMeshed, "in another mode")
		expectMeshed(metav1.ConditionUnknown, v1alpha1.ReasonPending)
		isMeshed(ctx, class, v)
		expectMeshed(metav1.ConditionTrue, v1alpha1.ReasonMeshed)
		Expect(user.Get(ctx, client.ObjectKeyFromObject(class), class)).To(Succeed())
		class.Spec.DataPlane.Injection = v1alpha1.InjectionAudit
		Expect(user.Update(ctx, class)).To(Succeed())
		expectMeshed(metav1.ConditionUnknown, v1alpha1.ReasonPending)
	})
})
