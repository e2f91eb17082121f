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
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// proxyWaits makes the proxy of a pod wait for a reason.
func proxyWaits(reason string) podOption {
	return func(pod *corev1.Pod) {
		pod.Status.Conditions[0].Status = corev1.ConditionFalse
		statuses := pod.Status.ContainerStatuses
		if len(statuses) == 0 {
			statuses = pod.Status.InitContainerStatuses
		}
		statuses[0].Ready = false
		statuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: reason}
	}
}

func unready(pod *corev1.Pod) { pod.Status.Conditions[0].Status = corev1.ConditionFalse }

// ofJob makes a pod one of a Job that has the labels of the workload, too.
func ofJob(pod *corev1.Pod) {
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "batch/v1", Kind: "Job", Name: "job", UID: "some-uid", Controller: new(true),
	}}
}

type unmeshedCase struct {
	pod    []podOption
	reason string
	says   []string
}

var _ = Describe("Pods of a finished rollout", func() {
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
	})

	// come lets these pods be all that there are of the workload.
	come := func(ctx SpecContext, pods ...*corev1.Pod) {
		GinkgoHelper()
		removePods(ctx, traefikWorkload)
		for _, pod := range pods {
			expect.ExpectApplied(ctx, testEnv.Client, pod)
		}
		sayRolledOut(ctx, traefikWorkload, 1)
	}

	DescribeTable("are told apart by what they lack",
		func(ctx SpecContext, c unmeshedCase) {
			come(ctx, podOf(get(ctx, traefikWorkload), "pod-1", c.pod...))
			settle(ctx, class)
			expectUnmeshed(ctx, class, c.reason, append(c.says, "pod-1")...)
			Expect(latest(ctx, class).Status.MeshedPods).To(Equal("0/1"))
		},
		Entry("the proxy", unmeshedCase{
			reason: v1alpha1.ReasonNotInjected,
			says:   []string{"no proxy in mode enabled", "spec.dataPlane.repair", "kubectl rollout restart deployment/traefik --namespace traefik"},
		}),
		Entry("the proxy, and are not ready", unmeshedCase{
			pod: []podOption{unready}, reason: v1alpha1.ReasonRolloutInProgress, says: []string{"not ready yet"},
		}),
		Entry("the right mode", unmeshedCase{
			pod: []podOption{injected("ingress")}, reason: v1alpha1.ReasonNotInjected, says: []string{"no proxy in mode enabled"},
		}),
		Entry("the right mode of a native sidecar", unmeshedCase{
			pod: []podOption{injectedNatively("ingress")}, reason: v1alpha1.ReasonNotInjected, says: []string{"no proxy in mode enabled"},
		}),
		Entry("a proxy that is ready", unmeshedCase{
			pod:    []podOption{injected("enabled"), proxyWaits("PodInitializing")},
			reason: v1alpha1.ReasonRolloutInProgress, says: []string{"not ready yet"},
		}),
		Entry("a proxy that can start", unmeshedCase{
			pod:    []podOption{injected("enabled"), proxyWaits("ImagePullBackOff")},
			reason: v1alpha1.ReasonRolloutStuck, says: []string{"linkerd-proxy", "ImagePullBackOff"},
		}),
		Entry("a native sidecar that does not crash", unmeshedCase{
			pod:    []podOption{injectedNatively("enabled"), proxyWaits("CrashLoopBackOff")},
			reason: v1alpha1.ReasonRolloutStuck, says: []string{"linkerd-proxy", "CrashLoopBackOff"},
		}),
	)

	It("are stuck once they have not become ready for long", func(ctx SpecContext) {
		come(ctx, podOf(get(ctx, traefikWorkload), "pod-1", injected("enabled"), unready))
		result := settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress, "pod-1")
		Expect(result.RequeueAfter).To(BeNumerically(">", 0), "no event will tell that time is up")

		made := latest(ctx, podOf(get(ctx, traefikWorkload), "pod-1")).CreationTimestamp
		operator.Clock.SetTime(made.Add(10*time.Minute + time.Second))
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutStuck, "pod-1", "does not become ready")
	})

	It("do not count where others control them", func(ctx SpecContext) {
		w := get(ctx, traefikWorkload)
		come(ctx, podOf(w, "pod-1", injected("enabled")), podOf(w, "job-1", ofJob), podOf(w, "job-2", injected("ingress"), ofJob))
		settle(ctx, class)
		expectReady(ctx, class)
		Expect(latest(ctx, class).Status.Workloads[0].IngressModePods).To(BeZero())

		By("and cannot stand in for one")
		come(ctx, podOf(w, "job-1", injected("enabled"), ofJob))
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress, "0 of 1")
	})
})

var _ = Describe("A workload without pods", func() {
	It("counts as in ingress mode while its template asks for it, and keeps the header", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
		class := newHeaderClass(ctx)
		settle(ctx, class)
		scaleToZero(ctx, nginxWorkload)

		By("the user keeps it in ingress mode, whatever the class wants")
		annotate(ctx, nginxWorkload, map[string]string{inject: ""})
		annotate(ctx, nginxWorkload, map[string]string{inject: linkerd.InjectIngress})
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingAuto })
		settle(ctx, class)
		Expect(latest(ctx, controllerSettings()).Data).To(HaveKey("proxy-set-headers"))
		Expect(latest(ctx, class).Status.Inventory).To(HaveLen(1))
		Expect(latest(ctx, class).Status.Workloads[0].IngressModePods).To(BeEquivalentTo(1))

		By("the user lets go of it")
		annotate(ctx, nginxWorkload, map[string]string{inject: ""})
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		Expect(latest(ctx, controllerSettings()).Data).To(BeEmpty())
		Expect(latest(ctx, class).Status.Inventory).To(BeEmpty())
		Expect(latest(ctx, class).Status.Workloads[0].IngressModePods).To(BeZero())
	})
})
