// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// What kube_test.go does with a Deployment, with the kinds whose pods are replaced one by
// one.
var _ = Describe("With the controllers of Kubernetes", Ordered, func() {
	var (
		injector *admissionv1.MutatingWebhookConfiguration
		class    *v1alpha1.MeshIngressClass
	)

	BeforeAll(func(ctx SpecContext) {
		injector = startBusy(ctx)
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node"}}
		expect.ExpectApplied(ctx, testEnv.Client, node)
		// The API server marks a new one as not ready, and nobody else would take that off.
		edit(ctx, node, func(n *corev1.Node) { n.Spec.Taints = nil })
	})

	BeforeEach(func(ctx SpecContext) {
		operator.Reset()
		reconciler = operator.DataPlane()
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		Expect(client.IgnoreAlreadyExists(testEnv.Client.Create(ctx, injector.DeepCopy()))).To(Succeed())
	})

	reason := func(ctx SpecContext, g Gomega) (reason, message string) {
		GinkgoHelper()
		_, err := controllertest.Reconcile(ctx, reconciler, class)
		g.Expect(err).NotTo(HaveOccurred())
		ready := meta.FindStatusCondition(latest(ctx, class).Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		return ready.Reason, ready.Message
	}
	// finishes lets the pods that the controllers make be ready until the class is.
	finishes := func(ctx SpecContext) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			for _, pod := range podsOf(ctx, "traefik") {
				before := pod.DeepCopy()
				run(&pod)
				g.Expect(client.IgnoreNotFound(testEnv.Client.Status().Patch(ctx, &pod, client.MergeFrom(before)))).To(Succeed())
			}
			got, _ := reason(ctx, g)
			g.Expect(got).To(Equal(v1alpha1.ReasonReady))
		}).WithContext(ctx).WithTimeout(noticeTimeout).Should(Succeed())
	}

	DescribeTable("each change waits for the rollout before it, of a",
		func(ctx SpecContext, kind string, of func(metav1.ObjectMeta, *metav1.LabelSelector, corev1.PodTemplateSpec) client.Object) {
			d := latest(ctx, deployment(traefikWorkload))
			Expect(testEnv.Client.Delete(ctx, d)).To(Succeed())
			ref := v1alpha1.WorkloadReference{Kind: kind, Namespace: "traefik", Name: "edge"}
			w := of(metav1.ObjectMeta{Namespace: "traefik", Name: "edge", Labels: d.Labels}, d.Spec.Selector, d.Spec.Template)
			Expect(testEnv.Client.Create(ctx, w)).To(Succeed())
			class = newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithWorkload(kind, "traefik", "edge"), repairing)
			finishes(ctx)
			start := generation(ctx, ref)

			By("a change, and another one before its end")
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
			Eventually(func(g Gomega) {
				_, _ = reason(ctx, g)
				o := object(ctx, ref)
				seen, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
				g.Expect([]int64{o.GetGeneration(), seen}).To(Equal([]int64{start + 1, start + 1}))
			}).WithContext(ctx).WithTimeout(noticeTimeout).Should(Succeed())
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
			Eventually(func(g Gomega) {
				got, message := reason(ctx, g)
				g.Expect(got).To(Equal(v1alpha1.ReasonRolloutInProgress))
				g.Expect(message).To(ContainSubstring("linkerd.io/inject: ingress"))
			}).WithContext(ctx).WithTimeout(noticeTimeout).Should(Succeed())
			Expect(generation(ctx, ref)).To(Equal(start + 1))

			By("the ends of both")
			finishes(ctx)
			Expect(generation(ctx, ref)).To(Equal(start + 2))
			pods := 0
			for _, pod := range podsOf(ctx, "traefik") {
				if metav1.GetControllerOf(&pod).Name == ref.Name { // those of the Deployment may not be gone yet
					Expect(hasProxy(&pod, "ingress")).To(BeTrue())
					pods++
				}
			}
			Expect(pods).To(Equal(1))
		},
		Entry("DaemonSet", "DaemonSet", func(m metav1.ObjectMeta, s *metav1.LabelSelector, t corev1.PodTemplateSpec) client.Object {
			return &appsv1.DaemonSet{ObjectMeta: m, Spec: appsv1.DaemonSetSpec{Selector: s, Template: t}}
		}),
		Entry("StatefulSet", "StatefulSet", func(m metav1.ObjectMeta, s *metav1.LabelSelector, t corev1.PodTemplateSpec) client.Object {
			return &appsv1.StatefulSet{ObjectMeta: m, Spec: appsv1.StatefulSetSpec{Selector: s, Template: t}}
		}),
	)
})
