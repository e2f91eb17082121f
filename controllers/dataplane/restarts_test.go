// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("A restart of pods that came up without their proxy", func() {
	var (
		class  *v1alpha1.MeshIngressClass
		before int64
	)

	BeforeEach(func(ctx SpecContext) { class, before = meshedTraefik(ctx) })

	restarted := func(ctx SpecContext, times int64) {
		GinkgoHelper()
		Expect(generation(ctx, traefikWorkload)).To(Equal(before + times))
	}

	DescribeTable("is remembered for ten minutes where somebody has",
		func(ctx SpecContext, value string) {
			comeUpWithout(ctx, traefikWorkload)
			settle(ctx, class)
			restarted(ctx, 1)
			annotate(ctx, traefikWorkload, map[string]string{restartedAt: value})
			comeUpWithout(ctx, traefikWorkload)
			second := newClass(ctx, "second", v1alpha1.VendorTraefik, repairing)
			reconciler = operator.DataPlane() // the manager is a new one
			pass(10*time.Minute - time.Second)
			settle(ctx, second, class)
			restarted(ctx, 2) // that of the edit
			Expect(restarts()).To(HaveLen(1))
			Expect(latest(ctx, class).Status.Workloads[0].RestartedAt.UTC().Format(time.RFC3339)).To(Equal("2026-01-01T12:00:00Z"))
		},
		Entry("removed its time", ""),
		Entry("set it back", "2020-01-01T00:00:00Z"),
		Entry("put it far ahead", "2099-01-01T00:00:00Z"),
	)

	It("is made again after ten minutes where somebody has removed its time", func(ctx SpecContext) {
		comeUpWithout(ctx, traefikWorkload)
		settle(ctx, class)
		annotate(ctx, traefikWorkload, map[string]string{restartedAt: ""})
		comeUpWithout(ctx, traefikWorkload)
		pass(10 * time.Minute)
		settle(ctx, class)
		restarted(ctx, 3)
		Expect(restarts()).To(HaveLen(2))
	})

	It("that did not help is made again after an hour", func(ctx SpecContext) {
		comeUpWithout(ctx, traefikWorkload)
		operator.Clock.SetTime(podsOf(ctx, "traefik")[0].CreationTimestamp.Time)
		settle(ctx, class)
		restarted(ctx, 1)
		comeUpWithout(ctx, traefikWorkload)
		pass(10 * time.Minute)
		Expect(settle(ctx, class).RequeueAfter).To(Equal(50 * time.Minute))
		restarted(ctx, 1)
		expectUnmeshed(ctx, class, v1alpha1.ReasonNotInjected, "once in an hour")
		pass(50 * time.Minute)
		settle(ctx, class)
		restarted(ctx, 2)
	})

	It("waits until a pod of the injector is ready, where they can be seen", func(ctx SpecContext) {
		marks := map[string]string{"linkerd.io/control-plane-component": "proxy-injector"}
		expect.ExpectApplied(ctx, testEnv.Client, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "linkerd", Name: "linkerd-proxy-injector"},
			Spec:       corev1.ServiceSpec{Selector: marks, Ports: []corev1.ServicePort{{Port: 443}}},
		})
		comeUpWithout(ctx, traefikWorkload)
		Expect(settle(ctx, class).RequeueAfter).To(Equal(30 * time.Second))
		restarted(ctx, 0)
		expectUnmeshed(ctx, class, v1alpha1.ReasonNotInjected, "bare-1", "injector is ready")

		By("one is there, and not ready")
		injector := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "linkerd", Name: "linkerd-proxy-injector-1", Labels: marks},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy-injector", Image: "controller:1"}}},
		}
		expect.ExpectApplied(ctx, testEnv.Client, injector)
		settle(ctx, class)
		restarted(ctx, 0)

		By("it is ready")
		runPods(ctx, "linkerd")
		settle(ctx, class)
		restarted(ctx, 1)
	})
})
