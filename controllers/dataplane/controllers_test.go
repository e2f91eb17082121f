// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// newIngressClass makes an IngressClass for one spec.
func newIngressClass(ctx SpecContext, name, controller string) {
	GinkgoHelper()
	class := &networkingv1.IngressClass{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: networkingv1.IngressClassSpec{Controller: controller},
	}
	Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, class))).To(Succeed())
	})
}

// secondNginx installs ingress-nginx once more, as a release with classes of its own.
func secondNginx(ctx SpecContext, controllerClass string) v1alpha1.WorkloadReference {
	GinkgoHelper()
	second := &appsv1.Deployment{}
	Expect(testEnv.Client.Get(ctx, client.ObjectKey{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"}, second)).To(Succeed())
	second.ObjectMeta = metav1.ObjectMeta{Namespace: second.Namespace, Name: "internal", Labels: second.Labels}
	second.Spec.Template.Spec.Containers[0].Args = []string{"/nginx-ingress-controller", "--controller-class=" + controllerClass}
	Expect(testEnv.Client.Create(ctx, second)).To(Succeed())
	return v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: second.Namespace, Name: second.Name}
}

var _ = Describe("Whose a class is", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
	})

	It("is said by the IngressClass, and another vendor's is not touched", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		newIngressClass(ctx, "public", "k8s.io/ingress-nginx")
		before := snapshot(ctx)
		class := newClass(ctx, "public", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expectSame(ctx, before)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered,
			metav1.ConditionFalse, v1alpha1.ReasonControllerMismatch)
		expect.ExpectConditionMessage(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, "IngressClass public",
			"k8s.io/ingress-nginx", "traefik.io/ingress-controller", "spec.ingressClassName or spec.vendor",
			"spec: {dataPlane: {workloads: [{kind: Deployment, namespace: traefik, name: traefik}]")

		By("the workload is named")
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.DataPlane.Workloads = []v1alpha1.WorkloadReference{traefikWorkload}
		})
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		Expect(latest(ctx, class).Status.Notices).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonControllerMismatch)))
	})

	It("is said by the IngressClass that the class names", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		newIngressClass(ctx, "public", "k8s.io/ingress-nginx")
		class := newClass(ctx, "public", v1alpha1.VendorTraefik, builders.WithIngressClassName("traefik"))
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		Expect(latest(ctx, class).Status.Notices).To(BeEmpty())
	})

	It("tells two releases of one controller apart", func(ctx SpecContext) {
		install(ctx, fixtures.IngressNginx)
		internal := secondNginx(ctx, "example.com/internal")
		newIngressClass(ctx, "internal", "example.com/internal")
		inside := newClass(ctx, "internal", v1alpha1.VendorIngressNginx)
		public := newClass(ctx, "nginx", v1alpha1.VendorIngressNginx)
		settle(ctx, inside, public)
		Expect(latest(ctx, inside).Status.Workloads).To(ConsistOf(HaveField("WorkloadReference", internal)))
		Expect(latest(ctx, public).Status.Workloads).To(ConsistOf(HaveField("WorkloadReference", nginxWorkload)))

		By("both are started for the same")
		edit(ctx, deployment(internal), func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[0].Args[1] = "--controller-class=k8s.io/ingress-nginx"
		})
		settle(ctx, public)
		expect.ExpectCondition(ctx, testEnv.Client, public, v1alpha1.ConditionDiscovered,
			metav1.ConditionFalse, v1alpha1.ReasonAmbiguousWorkload)
		expect.ExpectConditionMessage(ctx, testEnv.Client, public, v1alpha1.ConditionDiscovered,
			"{kind: Deployment, namespace: ingress-nginx, name: ingress-nginx-controller}, "+
				"{kind: Deployment, namespace: ingress-nginx, name: internal}")
	})

	It("is noticed when it changes", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		startManager()
		class := newClass(ctx, "public", v1alpha1.VendorTraefik)
		soonReady(ctx, class, v1alpha1.ReasonRolloutInProgress)
		newIngressClass(ctx, "public", "k8s.io/ingress-nginx")
		soonReady(ctx, class, v1alpha1.ReasonControllerMismatch)
		Expect(testEnv.Client.Delete(ctx, &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "public"}})).To(Succeed())
		soonReady(ctx, class, v1alpha1.ReasonRolloutInProgress)
	})
})
