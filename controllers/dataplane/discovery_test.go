// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

type undiscovered struct {
	options []builders.ClassOption
	cluster func(SpecContext)
	reason  string
	says    []string
}

var _ = DescribeTable("A data plane that is not found is said, and nothing is written",
	func(ctx SpecContext, u undiscovered) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		if u.cluster != nil {
			u.cluster(ctx)
		}
		before := snapshot(ctx)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, u.options...)
		settle(ctx, class)
		expectSame(ctx, before)
		for _, condition := range []string{v1alpha1.ConditionDiscovered, v1alpha1.ConditionReady} {
			expect.ExpectCondition(ctx, testEnv.Client, class, condition, metav1.ConditionFalse, u.reason)
			expect.ExpectConditionMessage(ctx, testEnv.Client, class, condition, u.says...)
		}
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionMeshed, metav1.ConditionUnknown, v1alpha1.ReasonPending)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	},
	Entry("none", undiscovered{
		cluster: func(ctx SpecContext) { Expect(testEnv.Client.Delete(ctx, object(ctx, traefikWorkload))).To(Succeed()) },
		reason:  v1alpha1.ReasonWorkloadNotFound,
		says: []string{
			"app.kubernetes.io/name=traefik",
			"spec: {dataPlane: {workloads: [{kind: Deployment, namespace: <namespace>, name: <name>}]}}",
		},
	}),
	Entry("two, in a form to be copied", undiscovered{
		cluster: func(ctx SpecContext) {
			second := latest(ctx, deployment(traefikWorkload))
			second.ObjectMeta = metav1.ObjectMeta{Namespace: "traefik", Name: "second"}
			expect.ExpectApplied(ctx, testEnv.Client, second)
		},
		reason: v1alpha1.ReasonAmbiguousWorkload,
		says: []string{"spec: {dataPlane: {workloads: [{kind: Deployment, namespace: traefik, name: second}, " +
			"{kind: Deployment, namespace: traefik, name: traefik}]"},
	}),
	Entry("one that the class names and that is not there", undiscovered{
		options: []builders.ClassOption{builders.WithWorkload("StatefulSet", "traefik", "traefik")},
		reason:  v1alpha1.ReasonWorkloadNotFound,
		says:    []string{"spec.dataPlane.workloads[0]", "StatefulSet traefik/traefik"},
	}),
	Entry("a Service that the class names and that is not there", undiscovered{
		options: []builders.ClassOption{builders.WithServiceRef("traefik", "typo")},
		reason:  v1alpha1.ReasonServiceNotFound,
		says:    []string{"spec.dataPlane.serviceRef", "traefik/typo"},
	}),
	Entry("a targetPort that no container has", undiscovered{
		cluster: func(ctx SpecContext) {
			edit(ctx, service("traefik", "traefik"), func(svc *corev1.Service) {
				svc.Spec.Ports[0].TargetPort = intstr.FromString("typo")
			})
		},
		reason: v1alpha1.ReasonPortUnresolved,
		says:   []string{`"typo"`, "Service traefik/traefik", "Deployment traefik/traefik"},
	}),
)

var _ = Describe("A class that is not accepted", func() {
	It("is said, and keeps what was written while it was", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
		class := newHeaderClass(ctx)
		settle(ctx, class)
		before := snapshot(ctx)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.IngressNginx = nil })
		settle(ctx, class)
		expectSame(ctx, before)
		for _, condition := range []string{v1alpha1.ConditionAccepted, v1alpha1.ConditionReady} {
			expect.ExpectCondition(ctx, testEnv.Client, class, condition, metav1.ConditionFalse, v1alpha1.ReasonInvalid)
			expect.ExpectConditionMessage(ctx, testEnv.Client, class, condition, "spec.ingressNginx.configMapRef")
		}
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionMeshed, metav1.ConditionUnknown, v1alpha1.ReasonPending)

		By("it goes all the same")
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(BeEmpty())
		Expect(latest(ctx, controllerSettings()).Data).To(BeEmpty())
	})

	It("says which routing its vendor has", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Contour)
		class := newClass(ctx, "contour", v1alpha1.VendorContour, builders.WithRouting(v1alpha1.RoutingClusterIP))
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonUnsupported)
		Expect(linkerdAnnotations(ctx, contourWorkload)).To(BeEmpty())
	})
})

type podsCase struct {
	pods    func(injection.Workload) []client.Object
	rollout int64 // pods of the current template, as the workload's status has it
	reason  string
	says    string
	meshed  string
}

var _ = Describe("The pods of a data plane", func() {
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) { *d.Spec.Replicas = 2 })
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
	})

	ready := func(w injection.Workload, more ...client.Object) []client.Object {
		return append([]client.Object{podOf(w, "ready", injected("enabled"))}, more...)
	}

	DescribeTable("count as meshed when they are",
		func(ctx SpecContext, p podsCase) {
			expect.ExpectApplied(ctx, testEnv.Client, p.pods(get(ctx, traefikWorkload))...)
			sayRolledOut(ctx, traefikWorkload, p.rollout)
			settle(ctx, class)
			Expect(latest(ctx, class).Status.MeshedPods).To(Equal(p.meshed))
			if p.reason == "" {
				expectReady(ctx, class)
				return
			}
			expectUnmeshed(ctx, class, p.reason, p.says)
		},
		Entry("with the proxy as a container", podsCase{rollout: 2, meshed: "2/2", pods: func(w injection.Workload) []client.Object {
			return ready(w, podOf(w, "other", injected("enabled")))
		}}),
		Entry("with the proxy as a native sidecar", podsCase{rollout: 2, meshed: "2/2", pods: func(w injection.Workload) []client.Object {
			return ready(w, podOf(w, "other", injectedNatively("enabled")))
		}}),
		Entry("with a finished pod beside them", podsCase{rollout: 2, meshed: "2/2", pods: func(w injection.Workload) []client.Object {
			return ready(w, podOf(w, "other", injected("enabled")), podOf(w, "evicted", func(pod *corev1.Pod) {
				pod.Status = corev1.PodStatus{Phase: corev1.PodFailed}
			}))
		}}),
		Entry("but not without a proxy", podsCase{
			rollout: 2, meshed: "1/2", reason: v1alpha1.ReasonNotInjected, says: "naked",
			pods: func(w injection.Workload) []client.Object { return ready(w, podOf(w, "naked")) },
		}),
		Entry("but not in the wrong mode", podsCase{
			rollout: 2, meshed: "1/2", reason: v1alpha1.ReasonNotInjected, says: "ingress-mode",
			pods: func(w injection.Workload) []client.Object {
				return ready(w, podOf(w, "ingress-mode", injected("ingress")))
			},
		}),
		Entry("but not where the pod is not ready", podsCase{
			rollout: 2, meshed: "1/2", reason: v1alpha1.ReasonRolloutInProgress, says: "starting",
			pods: func(w injection.Workload) []client.Object {
				return ready(w, podOf(w, "starting", injected("enabled"), func(pod *corev1.Pod) {
					pod.Status.Conditions[0].Status = corev1.ConditionFalse
				}))
			},
		}),
		Entry("but not where the proxy is not ready", podsCase{
			rollout: 2, meshed: "1/2", reason: v1alpha1.ReasonRolloutInProgress, says: "starting",
			pods: func(w injection.Workload) []client.Object {
				return ready(w, podOf(w, "starting", injected("enabled"), func(pod *corev1.Pod) {
					pod.Status.ContainerStatuses[0].Ready = false
				}))
			},
		}),
		Entry("but not while one is missing", podsCase{
			rollout: 2, meshed: "1/2", reason: v1alpha1.ReasonRolloutInProgress, says: "1 of 2",
			pods: func(w injection.Workload) []client.Object { return ready(w) },
		}),
		Entry("but not while there is one too many", podsCase{
			rollout: 2, meshed: "3/2", reason: v1alpha1.ReasonRolloutInProgress, says: "under way",
			pods: func(w injection.Workload) []client.Object {
				return ready(w, podOf(w, "other", injected("enabled")), podOf(w, "old", injected("enabled")))
			},
		}),
		Entry("but not while some are of the template before", podsCase{
			rollout: 1, meshed: "2/2", reason: v1alpha1.ReasonRolloutInProgress, says: "under way",
			pods: func(w injection.Workload) []client.Object { return ready(w, podOf(w, "old", injected("enabled"))) },
		}),
		Entry("but not where there are none of its own", podsCase{
			rollout: 2, meshed: "0/2", reason: v1alpha1.ReasonRolloutInProgress, says: "0 of 2",
			pods: func(w injection.Workload) []client.Object {
				return []client.Object{podOf(w, "strangers", injected("enabled"), func(pod *corev1.Pod) { pod.Labels = map[string]string{"a": "b"} })}
			},
		}),
	)

	It("that are going no longer count", func(ctx SpecContext) {
		w := get(ctx, traefikWorkload)
		going := podOf(w, "going", injected("enabled"), func(pod *corev1.Pod) { pod.Finalizers = []string{"example.com/hold"} })
		expect.ExpectApplied(ctx, testEnv.Client, podOf(w, "ready", injected("enabled")), going)
		sayRolledOut(ctx, traefikWorkload, 2)
		settle(ctx, class)
		expectReady(ctx, class)
		Expect(testEnv.Client.Delete(ctx, going, client.GracePeriodSeconds(0))).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			edit(ctx, going, func(pod *corev1.Pod) { pod.Finalizers = nil })
		})
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress)
	})

	It("of a workload that is scaled to zero are none", func(ctx SpecContext) {
		edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) { *d.Spec.Replicas = 0 })
		sayRolledOut(ctx, traefikWorkload, 0)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonNoPods)
	})

	It("without a proxy are named, the first few of many", func(ctx SpecContext) {
		w := get(ctx, traefikWorkload)
		edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) { *d.Spec.Replicas = 7 })
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
			expect.ExpectApplied(ctx, testEnv.Client, podOf(w, name))
		}
		sayRolledOut(ctx, traefikWorkload, 7)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonNotInjected, "a, b, c, d, e and 2 more")
	})
})
