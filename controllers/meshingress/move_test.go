// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("A MeshIngress whose class changes", func() {
	var (
		from, to = ingressNginx(), contour()
		both     = slices.Concat(from.kinds, to.kinds)

		old, next *v1alpha1.MeshIngressClass
		mi        *v1alpha1.MeshIngress
	)

	// moveTo changes the class, and reconciles.
	moveTo := func(ctx context.Context, class *v1alpha1.MeshIngressClass) {
		GinkgoHelper()
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.ClassName = class.Name })
		mi, _ = settle(ctx, mi)
	}
	expectMoving := func(ctx context.Context, words ...string) {
		GinkgoHelper()
		Expect(mi.Status.ClassName).To(Equal(old.Name))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionUnknown, v1alpha1.ReasonMoving)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionProgrammed, append(words, old.Name)...)
	}
	expectMoved := func(ctx context.Context, class *v1alpha1.MeshIngressClass, v vendorCase) {
		GinkgoHelper()
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(v.kinds))
		Expect(mi.Status.ClassName).To(Equal(class.Name))
		Expect(mi.Status.Strategy).To(Equal(v.strategy))
		Expect(mi.Status.Inventory).To(HaveLen(len(v.kinds)))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	}

	BeforeEach(func(ctx SpecContext) {
		old, next = createClass(ctx, from), createClass(ctx, to)
		mi, _ = settle(ctx, create(ctx, web(old)))
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(from.kinds))
	})

	It("keeps its old routes until the controller has accepted the new ones", func(ctx SpecContext) {
		isMeshed(ctx, next, to)
		before := versionsOf(routeObjects(ctx))
		moveTo(ctx, next)
		expectMoving(ctx, "HTTPProxy", "has said nothing")
		after := routeObjects(ctx)
		Expect(kindsOf(after)).To(ConsistOf(both))
		for name, version := range before {
			Expect(after).To(HaveKey(name))
			Expect(after[name].GetResourceVersion()).To(Equal(version))
		}

		sayOfHTTPProxies(ctx, "valid")
		mi, _ = settle(ctx, mi)
		expectMoved(ctx, next, to)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})

	It("keeps its old routes where the controller refuses the new ones", func(ctx SpecContext) {
		isMeshed(ctx, next, to)
		moveTo(ctx, next)
		sayOfHTTPProxies(ctx, "invalid")
		mi, _ = settle(ctx, mi)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(both))
		Expect(mi.Status.ClassName).To(Equal(old.Name))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonNotAccepted)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionProgrammed, "refuses HTTPProxy", "stay until")
	})

	It("keeps its old routes until the new controller is found", func(ctx SpecContext) {
		moveTo(ctx, next)
		sayOfHTTPProxies(ctx, "valid")
		mi, _ = settle(ctx, mi)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(both))
		expectMoving(ctx, v1alpha1.ConditionDiscovered, next.Name)

		isFound(ctx, next)
		mi, _ = settle(ctx, mi)
		expectMoved(ctx, next, to)
	})

	It("keeps its old routes where it cannot be translated for the new class", func(ctx SpecContext) {
		isMeshed(ctx, next, to)
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Host = "" })
		mi, _ = settle(ctx, mi)
		moveTo(ctx, next)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonUnsupported)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(from.kinds))
		Expect(mi.Status.ClassName).To(Equal(old.Name))
	})

	It("may go back before it has arrived", func(ctx SpecContext) {
		isFound(ctx, old)
		moveTo(ctx, next)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(both))
		moveTo(ctx, old)
		expectMoved(ctx, old, from)
	})

	It("may go on to a third class before it has arrived", func(ctx SpecContext) {
		third, v := createClass(ctx, traefikHeader()), traefikHeader()
		moveTo(ctx, next)
		moveTo(ctx, third)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(slices.Concat(both, v.kinds)))
		isFound(ctx, third)
		mi, _ = settle(ctx, mi)
		expectMoved(ctx, third, v)
	})

	It("leaves nothing behind where it is deleted on the way", func(ctx SpecContext) {
		moveTo(ctx, next)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(both))
		remove(ctx, mi)
		Expect(routeObjects(ctx)).To(BeEmpty())
	})

	It("moves between classes of one vendor, too", func(ctx SpecContext) {
		other, v := createClass(ctx, from), from
		moveTo(ctx, other)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf("Ingress", "Ingress"))
		isFound(ctx, other)
		mi, _ = settle(ctx, mi)
		expectMoved(ctx, other, v)
		Expect(specOf(routeObject(ctx, v))).To(HaveKeyWithValue("ingressClassName", other.Name))
	})

	It("has nothing to wait for between classes of one controller", func(ctx SpecContext) {
		ofController := func(class *v1alpha1.MeshIngressClass) { class.Spec.IngressClassName = "contour" }
		one, two := createClass(ctx, to, ofController), createClass(ctx, to, ofController)
		isFound(ctx, one)
		moveTo(ctx, one)
		sayOfHTTPProxies(ctx, "valid")
		mi, _ = settle(ctx, mi)
		expectMoved(ctx, one, to)
		moveTo(ctx, two)
		expectMoved(ctx, two, to)
	})
})

var _ = Describe("A MeshIngress whose class goes over to ClusterIP routing", func() {
	It("sends the header until no proxy is in ingress mode", func(ctx SpecContext) {
		v := traefikHeader()
		class := createClass(ctx, v)
		mi, _ := settle(ctx, create(ctx, web(class)))
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(v.kinds))
		before := versionsOf(routeObjects(ctx))
		stays := func(words ...string) {
			GinkgoHelper()
			mi, _ = settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionUnknown, v1alpha1.ReasonProxyModePending)
			expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionProgrammed, append(words, "l5d-dst-override", class.Name)...)
			Expect(versionsOf(routeObjects(ctx))).To(Equal(before))
			Expect(mi.Status.Strategy).To(Equal(v1alpha1.StrategyHeader))
			Expect(mi.Status.Routes[0].Strategy).To(Equal(v1alpha1.StrategyHeader))
		}

		class = expect.ExpectExists(ctx, user, class)
		class.Spec.Routing = v1alpha1.RoutingClusterIP
		Expect(user.Update(ctx, class)).To(Succeed())
		stays("has not been looked at")

		inIngressMode(ctx, class, 1)
		stays("status.workloads")

		inIngressMode(ctx, class, 0)
		mi, _ = settle(ctx, mi)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf(traefikClusterIP().kinds))
		Expect(mi.Status.Strategy).To(Equal(v1alpha1.StrategyClusterIP))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	})
})

var _ = Describe("A MeshIngress of a class with ClusterIP routing", func() {
	It("is not written while a proxy is in ingress mode, be it new or on the move", func(ctx SpecContext) {
		class := createClass(ctx, traefikClusterIP())
		inIngressMode(ctx, class, 1)
		mi, _ := settle(ctx, create(ctx, web(class)))
		Expect(routeObjects(ctx)).To(BeEmpty())
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionUnknown, v1alpha1.ReasonProxyModePending)

		inIngressMode(ctx, class, 0)
		mi, _ = settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)

		other := createClass(ctx, ingressNginx())
		inIngressMode(ctx, other, 1)
		before := versionsOf(routeObjects(ctx))
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.ClassName = other.Name })
		mi, _ = settle(ctx, mi)
		Expect(versionsOf(routeObjects(ctx))).To(Equal(before))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionUnknown, v1alpha1.ReasonProxyModePending)
	})

	It("says on its way which class it is moving to, and how that routes", func(ctx SpecContext) {
		from, to := createClass(ctx, traefikClusterIP()), createClass(ctx, contour())
		mi, _ := settle(ctx, create(ctx, web(from)))
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.ClassName = to.Name })
		mi, _ = settle(ctx, mi)
		Expect(mi.Status.Strategy).To(Equal(v1alpha1.StrategyClusterIP))
		Expect(mi.Status.MovingTo).To(Equal(&v1alpha1.MovingStatus{ClassName: to.Name, Strategy: v1alpha1.StrategyHeader}))
		isFound(ctx, to)
		sayOfHTTPProxies(ctx, "valid")
		mi, _ = settle(ctx, mi)
		Expect(mi.Status.MovingTo).To(BeNil())
		Expect(mi.Status.Strategy).To(Equal(v1alpha1.StrategyHeader))
	})
})

var _ = Describe("A MeshIngress moves to another class of its vendor", func() {
	DescribeTable("for", func(ctx SpecContext, vendor v1alpha1.Vendor, gone bool) {
		installInfrastructure(ctx)
		p, ok := operator.Registry.Get(vendor)
		Expect(ok).To(BeTrue())
		one, two := classOf(ctx, p), classOf(ctx, p)
		mi := create(ctx, web(one))
		arrive(ctx, mi, p)
		if gone {
			expect.ExpectDeleted(ctx, user, one)
		}
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.ClassName = two.Name })
		arrive(ctx, mi, p)
		remove(ctx, mi)
		Expect(routeObjects(ctx)).To(BeEmpty())
		Expect(services(ctx)["web-svc"].Annotations).To(BeEmpty())
	},
		Entry("GCE, whose Services hold one setting of the two", v1alpha1.VendorGCE, false),
		Entry("Gloo, whose routes name no class", v1alpha1.VendorGloo, false),
		Entry("Contour, whose old class is gone", v1alpha1.VendorContour, true),
		Entry("Kong", v1alpha1.VendorKong, false),
		Entry("EnvoyGateway", v1alpha1.VendorEnvoyGateway, false),
	)
})

// inIngressMode says what the controller of classes would have observed of a class
// with ClusterIP routing.
func inIngressMode(ctx context.Context, class *v1alpha1.MeshIngressClass, pods int32) {
	GinkgoHelper()
	current := expect.ExpectExists(ctx, user, class)
	current.Status.Strategy, current.Status.ObservedGeneration = v1alpha1.StrategyClusterIP, current.Generation
	current.Status.Workloads = []v1alpha1.WorkloadStatus{{
		WorkloadReference: v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "traefik", Name: "traefik"},
		Pods:              2, MeshedPods: 2 - pods, IngressModePods: pods,
	}}
	Expect(user.Status().Update(ctx, current)).To(Succeed())
}

// sayOfHTTPProxies lets Contour say something of every HTTPProxy of the namespace.
func sayOfHTTPProxies(ctx context.Context, status string) {
	GinkgoHelper()
	for _, o := range routeObjects(ctx) {
		if o.GetKind() != "HTTPProxy" {
			continue
		}
		Expect(unstructured.SetNestedField(o.Object, status, "status", "currentStatus")).To(Succeed())
		Expect(unstructured.SetNestedField(o.Object, "as Contour says it", "status", "description")).To(Succeed())
		Expect(user.Status().Update(ctx, o)).To(Succeed())
	}
}
