// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

const restartedAt = v1alpha1.RestartedAtAnnotation

func repairing(class *v1alpha1.MeshIngressClass) {
	class.Spec.DataPlane.Repair = v1alpha1.RepairRestart
}

// restarts are the events that tell of one.
func restarts() []string {
	var found []string
	for _, e := range operator.Events.Events() {
		if strings.HasPrefix(e, "Normal Restarting: ") {
			found = append(found, e)
		}
	}
	return found
}

// comeUpWithout makes the pods of a workload anew while the injector is down.
func comeUpWithout(ctx SpecContext, ref v1alpha1.WorkloadReference, opts ...podOption) {
	GinkgoHelper()
	removePods(ctx, ref)
	expect.ExpectApplied(ctx, testEnv.Client, podOf(get(ctx, ref), "bare-1", opts...))
	sayRolledOut(ctx, ref, 1)
}

// meshedTraefik is a class that repairs Traefik, which is meshed, and the generation of
// that workload.
func meshedTraefik(ctx SpecContext) (class *v1alpha1.MeshIngressClass, before int64) {
	GinkgoHelper()
	installLinkerd(ctx)
	install(ctx, fixtures.Traefik)
	class = newClass(ctx, "traefik", v1alpha1.VendorTraefik, repairing)
	settle(ctx, class)
	rollOut(ctx, traefikWorkload)
	settle(ctx, class)
	expectReady(ctx, class)
	operator.Writes.Reset()
	return class, generation(ctx, traefikWorkload)
}

var _ = Describe("Pods that came up without their proxy", func() {
	var (
		class  *v1alpha1.MeshIngressClass
		before int64
	)

	BeforeEach(func(ctx SpecContext) { class, before = meshedTraefik(ctx) })

	stamp := func(ctx SpecContext) string {
		GinkgoHelper()
		return get(ctx, traefikWorkload).Template.Annotations[restartedAt]
	}
	restarted := func(ctx SpecContext, times int64) {
		GinkgoHelper()
		Expect(generation(ctx, traefikWorkload)).To(Equal(before + times))
	}

	DescribeTable("are made anew, once, and are then well",
		func(ctx SpecContext, opts ...podOption) {
			comeUpWithout(ctx, traefikWorkload, opts...)
			settle(ctx, class)
			restarted(ctx, 1)
			Expect(stamp(ctx)).To(Equal("2026-01-01T12:00:00Z"))
			Expect(restarts()).To(HaveExactElements(And(ContainSubstring("Deployment traefik/traefik"), ContainSubstring("bare-1"))))
			Expect(operator.Metric("meshingress_restarts_total", "Deployment")).To(BeEquivalentTo(1))
			Expect(operator.Metric("meshingress_drift_corrections_total", "Deployment")).To(BeZero())
			expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress)

			rollOut(ctx, traefikWorkload)
			settle(ctx, class)
			expectReady(ctx, class)
			operator.Clock.SetTime(operator.Clock.Now().Add(time.Hour))
			settle(ctx, class)
			restarted(ctx, 1)
		},
		Entry("without any"),
		Entry("in the wrong mode", injected("ingress")),
		Entry("in the wrong mode, as a native sidecar", injectedNatively("ingress")),
		Entry("not ready, and never will be", func(pod *corev1.Pod) {
			unready(pod)
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
				Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
			}}
		}),
	)

	It("wait for ten minutes where the last time is not longer ago, whoever remembers it", func(ctx SpecContext) {
		comeUpWithout(ctx, traefikWorkload)
		settle(ctx, class)
		restarted(ctx, 1)

		By("the next ones come up without it, too")
		comeUpWithout(ctx, traefikWorkload)
		operator.Clock.SetTime(operator.Clock.Now().Add(4 * time.Minute))
		reconciler = operator.DataPlane() // the manager is a new one
		result := settle(ctx, class)
		restarted(ctx, 1)
		Expect(result.RequeueAfter).To(Equal(6 * time.Minute))
		expectUnmeshed(ctx, class, v1alpha1.ReasonNotInjected, "bare-1", "at most once in ten minutes")

		operator.Clock.SetTime(operator.Clock.Now().Add(6*time.Minute - time.Second))
		settle(ctx, class)
		restarted(ctx, 1)

		operator.Clock.SetTime(operator.Clock.Now().Add(time.Second))
		settle(ctx, class)
		restarted(ctx, 2)
		Expect(stamp(ctx)).To(Equal("2026-01-01T12:10:00Z"))
	})

	It("wait for the end of a rollout", func(ctx SpecContext) {
		removePods(ctx, traefikWorkload)
		expect.ExpectApplied(ctx, testEnv.Client, podOf(get(ctx, traefikWorkload), "bare-1"))
		annotate(ctx, traefikWorkload, map[string]string{"theirs": "new"})
		beginRollout(ctx, traefikWorkload)
		settle(ctx, class)
		Expect(stamp(ctx)).To(BeEmpty())
		Expect(workloadWrites()).To(BeEmpty())
	})

	It("wait for the end of one that is stuck, too: to begin another would not help", func(ctx SpecContext) {
		edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) { d.Spec.Paused = true })
		before = generation(ctx, traefikWorkload)
		comeUpWithout(ctx, traefikWorkload)
		beginRollout(ctx, traefikWorkload)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutStuck, "spec.paused")
		restarted(ctx, 0)
	})

	It("are not taken for those of the template before, which the cache still shows", func(ctx SpecContext) {
		comeUpWithout(ctx, traefikWorkload, func(pod *corev1.Pod) { pod.Annotations = nil })
		settle(ctx, class)
		Expect(workloadWrites()).To(BeEmpty())
	})

	It("are made anew by the change that waits for them anyhow", func(ctx SpecContext) {
		comeUpWithout(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		settle(ctx, class)
		restarted(ctx, 1)
		Expect(stamp(ctx)).To(BeEmpty())
	})

	It("are told without advice that would do nothing, where the class looks on", func(ctx SpecContext) {
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.DataPlane.Injection, c.Spec.DataPlane.Repair = v1alpha1.InjectionIgnore, v1alpha1.RepairNone
		})
		settle(ctx, class)
		annotate(ctx, traefikWorkload, map[string]string{inject: "enabled"})
		comeUpWithout(ctx, traefikWorkload)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonIgnored, "bare-1: run kubectl rollout restart deployment/traefik")
	})

	DescribeTable("stay as they are",
		func(ctx SpecContext, given func(SpecContext), reason string) {
			given(ctx)
			operator.Writes.Reset()
			comeUpWithout(ctx, traefikWorkload)
			settle(ctx, class)
			Expect(workloadWrites()).To(BeEmpty())
			Expect(restarts()).To(BeEmpty())
			expectUnmeshed(ctx, class, reason)
		},
		Entry("where the class does not ask for a repair", func(ctx SpecContext) {
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Repair = v1alpha1.RepairNone })
			settle(ctx, class)
		}, v1alpha1.ReasonNotInjected),
		Entry("in an audit", func(ctx SpecContext) {
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionAudit })
			settle(ctx, class)
			annotate(ctx, traefikWorkload, map[string]string{inject: "enabled", skipPorts: "8000,8443"})
		}, v1alpha1.ReasonAudit),
		Entry("where the class looks on", func(ctx SpecContext) {
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionIgnore })
			settle(ctx, class)
			annotate(ctx, traefikWorkload, map[string]string{inject: "enabled", skipPorts: "8000,8443"})
		}, v1alpha1.ReasonIgnored),
		Entry("where the injector is gone", cleanLinkerd, v1alpha1.ReasonLinkerdNotFound),
		Entry("where the injector does not see them", func(ctx SpecContext) {
			edit(ctx, builders.Namespace("traefik"), func(ns *corev1.Namespace) {
				ns.Labels[linkerd.AdmissionWebhooksLabel] = linkerd.AdmissionWebhooksDisabled
			})
			DeferCleanup(func(ctx SpecContext) {
				edit(ctx, builders.Namespace("traefik"), func(ns *corev1.Namespace) { delete(ns.Labels, linkerd.AdmissionWebhooksLabel) })
			})
		}, v1alpha1.ReasonInjectionBlocked),
		Entry("where somebody has told the injector not to", func(ctx SpecContext) {
			annotate(ctx, traefikWorkload, map[string]string{inject: "disabled"})
			settle(ctx, class)
		}, v1alpha1.ReasonFieldConflict),
	)

	It("are none where an older class has its way, in another mode", func(ctx SpecContext) {
		younger := newClass(ctx, "younger", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader), repairing)
		settle(ctx, younger, class)
		expectUnmeshed(ctx, younger, v1alpha1.ReasonFieldConflict, "traefik")
		Expect(workloadWrites()).To(BeEmpty())
	})

	It("are made anew where one of several classes asks for it, and by one of them", func(ctx SpecContext) {
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Repair = v1alpha1.RepairNone })
		comeUpWithout(ctx, traefikWorkload)
		settle(ctx, class)
		restarted(ctx, 0)
		second := newClass(ctx, "second", v1alpha1.VendorTraefik, repairing)
		settle(ctx, class, second, class, second)
		restarted(ctx, 1)
		Expect(restarts()).To(HaveLen(1))

		By("the time stays as long as anybody claims the workload")
		rollOut(ctx, traefikWorkload)
		remove(ctx, second)
		settle(ctx, class)
		restarted(ctx, 1)
		Expect(stamp(ctx)).NotTo(BeEmpty())

		By("and goes with the last claim, in its change")
		remove(ctx, class)
		restarted(ctx, 2)
		Expect(stamp(ctx)).To(BeEmpty())
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})

	It("are made anew once where the cache does not show the first time yet", func(ctx SpecContext) {
		comeUpWithout(ctx, traefikWorkload)
		first, err := reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		Expect(first.RequeueAfter).To(BeZero())
		restarted(ctx, 1)
		settle(ctx, class)
		restarted(ctx, 1)
	})
})

var _ = Describe("Pods of a generated workload that came up without their proxy", func() {
	var ref v1alpha1.WorkloadReference

	// meshed makes a class whose target is p, and the pods of the workload that is
	// generated for it; its template is as the vendor's controller would have it.
	meshed := func(ctx SpecContext, p place, template map[string]string) *v1alpha1.MeshIngressClass {
		GinkgoHelper()
		installLinkerd(ctx)
		install(ctx, fixtures.EnvoyGateway)
		class := envoyClass(ctx, "public", withTarget(p.target), repairing)
		settle(ctx, class)
		ref = latest(ctx, class).Status.Workloads[0].WorkloadReference
		annotate(ctx, ref, template)
		comeUpWithout(ctx, ref)
		settle(ctx, class)
		return class
	}

	It("are made anew by what it is generated from", func(ctx SpecContext) {
		gateway := place{
			v1alpha1.InjectionTargetGateway, "gateway.networking.k8s.io", "Gateway", "infra", "public",
			[]string{"spec", "infrastructure", "annotations"},
		}
		class := meshed(ctx, gateway, map[string]string{inject: "enabled"})
		Expect(gateway.annotations(ctx)).To(HaveKeyWithValue(restartedAt, "2026-01-01T12:00:00Z"))
		Expect(restarts()).To(HaveExactElements(ContainSubstring("bare-1")))
		settle(ctx, class)
		Expect(restarts()).To(HaveLen(1))
		remove(ctx, class)
		Expect(gateway.annotations(ctx)).NotTo(HaveKey(restartedAt))
	})

	It("are left to the user where only a Namespace is annotated", func(ctx SpecContext) {
		namespace := envoyNamespacePlace(v1alpha1.InjectionTargetNamespace)
		class := meshed(ctx, namespace, nil)
		Expect(namespace.annotations(ctx)).NotTo(HaveKey(restartedAt))
		Expect(restarts()).To(BeEmpty())
		expectUnmeshed(ctx, class, v1alpha1.ReasonNotInjected, "bare-1",
			fmt.Sprintf("kubectl rollout restart deployment/%s --namespace %s", ref.Name, ref.Namespace))
	})
})
