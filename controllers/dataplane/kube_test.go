// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// startBusy starts a control plane with the controllers of Kubernetes, in place of the
// suite's until the container ends, and returns the webhook of its injector.
func startBusy(ctx SpecContext) *admissionv1.MutatingWebhookConfiguration {
	GinkgoHelper()
	quiet, idle := testEnv, operator
	DeferCleanup(func() { testEnv, operator = quiet, idle })
	busy, err := env.Start(ctx, withVendors(), env.WithControllerManager(), env.WithInjector())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return busy.Stop() })
	testEnv, operator = busy, controllertest.New(ctx, busy, operator.Registry)
	injector := latest(ctx, &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: linkerd.InjectorWebhookName}})
	injector.ResourceVersion = ""
	return injector
}

// The controllers of Kubernetes make the pods here, and a stand-in for Linkerd's
// injector gives them their proxy. No kubelet runs them: a spec says when they are
// ready.
var _ = Describe("With the controllers of Kubernetes, a rollout", Ordered, func() {
	var (
		injector *admissionv1.MutatingWebhookConfiguration
		class    *v1alpha1.MeshIngressClass
	)

	BeforeAll(func(ctx SpecContext) {
		injector = startBusy(ctx)
	})

	// replaceInjector waits until the API server sends pods to the injector, or to
	// nobody.
	replaceInjector := func(ctx SpecContext, config *admissionv1.MutatingWebhookConfiguration, works bool) {
		GinkgoHelper()
		Expect(testEnv.Client.DeleteAllOf(ctx, &admissionv1.MutatingWebhookConfiguration{})).To(Succeed())
		config = config.DeepCopy()
		config.ResourceVersion = ""
		Expect(testEnv.Client.Create(ctx, config)).To(Succeed())
		Eventually(func(g Gomega) {
			probe := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "traefik", Name: "probe", Annotations: map[string]string{inject: "enabled"}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "main:1"}}},
			}
			g.Expect(testEnv.Client.Create(ctx, probe, client.DryRunAll)).To(Succeed())
			g.Expect(hasProxy(probe, "enabled")).To(Equal(works))
		}).WithContext(ctx).WithTimeout(noticeTimeout).Should(Succeed())
	}
	// down leaves the configuration as it is where the injector's pods are gone.
	down := func(ctx SpecContext) {
		GinkgoHelper()
		config := injector.DeepCopy()
		nobody, ignore := "https://127.0.0.1:1", admissionv1.Ignore
		config.Webhooks[0].ClientConfig.URL, config.Webhooks[0].FailurePolicy = &nobody, &ignore
		replaceInjector(ctx, config, false)
	}
	up := func(ctx SpecContext) {
		GinkgoHelper()
		replaceInjector(ctx, injector, true)
	}

	// becomes reconciles the class as the pods and their controllers go on, until its
	// condition Ready has this reason.
	becomes := func(ctx SpecContext, reason string, says ...string) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			_, err := controllertest.Reconcile(ctx, reconciler, class)
			g.Expect(err).NotTo(HaveOccurred())
			ready := meta.FindStatusCondition(latest(ctx, class).Status.Conditions, v1alpha1.ConditionReady)
			g.Expect(ready).To(HaveValue(HaveField("Reason", reason)))
			for _, text := range says {
				g.Expect(ready.Message).To(ContainSubstring(text))
			}
		}).WithContext(ctx).WithTimeout(noticeTimeout).Should(Succeed())
	}
	// havePods waits until the workload has these pods, those with a proxy and those
	// without.
	havePods := func(ctx SpecContext, with, without int) []corev1.Pod {
		GinkgoHelper()
		var pods []corev1.Pod
		Eventually(func(g Gomega) {
			pods = podsOf(ctx, "traefik")
			proxies := len(slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool {
				return !hasProxy(&p, "enabled") && !hasProxy(&p, "ingress")
			}))
			g.Expect([]int{proxies, len(pods) - proxies}).To(Equal([]int{with, without}))
		}).WithContext(ctx).WithTimeout(noticeTimeout).Should(Succeed())
		return pods
	}
	observed := func(ctx SpecContext) {
		GinkgoHelper()
		Eventually(func() bool {
			w := get(ctx, traefikWorkload)
			return w.ObservedGeneration == w.Generation
		}).WithContext(ctx).WithTimeout(noticeTimeout).Should(BeTrue())
	}

	BeforeEach(func(ctx SpecContext) {
		operator.Reset()
		reconciler = operator.DataPlane()
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		havePods(ctx, 0, 1)
		up(ctx)
		observed(ctx)
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik, repairing)
	})

	// meshed is the state that most stories begin with.
	meshed := func(ctx SpecContext) {
		GinkgoHelper()
		runPods(ctx, "traefik")
		becomes(ctx, v1alpha1.ReasonRolloutInProgress, "the rollout is under way")
		havePods(ctx, 1, 1)
		runPods(ctx, "traefik")
		havePods(ctx, 1, 0)
		becomes(ctx, v1alpha1.ReasonReady)
	}
	skipNothing := func(ctx SpecContext) {
		GinkgoHelper()
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
	}

	It("is watched through to its end, and each change waits for the one before", func(ctx SpecContext) {
		start := generation(ctx, traefikWorkload)
		becomes(ctx, v1alpha1.ReasonRolloutInProgress, "linkerd.io/inject: enabled")
		Expect(generation(ctx, traefikWorkload)).To(Equal(start), "the first pods are not there yet")
		meshed(ctx)
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))

		By("a change, and one more before its end")
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		becomes(ctx, v1alpha1.ReasonRolloutInProgress)
		havePods(ctx, 2, 0)
		observed(ctx)
		skipNothing(ctx)
		becomes(ctx, v1alpha1.ReasonRolloutInProgress, "fewer annotations")
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 2))

		By("the end of the first")
		runPods(ctx, "traefik")
		havePods(ctx, 1, 0)
		becomes(ctx, v1alpha1.ReasonRolloutInProgress, "the rollout is under way")
		havePods(ctx, 2, 0)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "ingress"}))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 3))

		By("the end of the second")
		runPods(ctx, "traefik")
		havePods(ctx, 1, 0)
		becomes(ctx, v1alpha1.ReasonReady)
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 3))
		Expect(restarts()).To(BeEmpty())
	})

	It("that a quota keeps from going on is told, and does not keep what mends it from being written", func(ctx SpecContext) {
		meshed(ctx)
		noMorePods(ctx, "traefik")
		start := generation(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		becomes(ctx, v1alpha1.ReasonRolloutStuck, "exceeded quota")
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))

		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingAuto })
		becomes(ctx, v1alpha1.ReasonReady)
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 2))
		havePods(ctx, 1, 0)
	})

	It("that makes no progress is told once its own deadline is over", func(ctx SpecContext) {
		edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) { d.Spec.ProgressDeadlineSeconds = new(int32(1)) })
		observed(ctx)
		meshed(ctx)
		start := generation(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		becomes(ctx, v1alpha1.ReasonRolloutStuck, "spec.progressDeadlineSeconds")
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))

		By("its pod becomes ready in the end")
		runPods(ctx, "traefik")
		havePods(ctx, 1, 0)
		becomes(ctx, v1alpha1.ReasonReady)
	})

	It("of somebody else's is repaired where the injector was down, at most once in ten minutes", func(ctx SpecContext) {
		meshed(ctx)
		start := generation(ctx, traefikWorkload)
		down(ctx)
		pods := podsOf(ctx, "traefik")
		Expect(testEnv.Client.Delete(ctx, &pods[0], client.GracePeriodSeconds(0))).To(Succeed())
		bare := havePods(ctx, 0, 1)[0].Name
		runPods(ctx, "traefik")

		By("the first restart comes too soon: the injector is still down")
		becomes(ctx, v1alpha1.ReasonRolloutInProgress)
		Expect(restarts()).To(HaveExactElements(ContainSubstring(bare)))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))
		havePods(ctx, 0, 2)
		runPods(ctx, "traefik")
		havePods(ctx, 0, 1)
		becomes(ctx, v1alpha1.ReasonNotInjected)
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))

		By("it is up, and ten minutes are over")
		up(ctx)
		operator.Clock.SetTime(operator.Clock.Now().Add(10 * time.Minute))
		becomes(ctx, v1alpha1.ReasonRolloutInProgress)
		havePods(ctx, 1, 1)
		runPods(ctx, "traefik")
		havePods(ctx, 1, 0)
		becomes(ctx, v1alpha1.ReasonReady)
		Expect(restarts()).To(HaveLen(2))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 2))

		By("the class goes, and its annotations with it, in one change")
		remove(ctx, class)
		Expect(get(ctx, traefikWorkload).Template.Annotations).NotTo(HaveKey(restartedAt))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 3))
	})
})

// podsOf lists the pods of a Namespace that are not on their way out.
func podsOf(ctx context.Context, namespace string) []corev1.Pod {
	GinkgoHelper()
	var list corev1.PodList
	Expect(testEnv.Client.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
}

// runPods lets all pods of a Namespace be ready, as a kubelet does.
func runPods(ctx context.Context, namespace string) {
	GinkgoHelper()
	for _, pod := range podsOf(ctx, namespace) {
		run(&pod)
		Expect(client.IgnoreNotFound(testEnv.Client.Status().Update(ctx, &pod))).To(Succeed())
	}
}

// run makes a pod a ready one.
func run(pod *corev1.Pod) {
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
	pod.Status.ContainerStatuses = nil
	for _, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, Ready: true})
	}
}

// noMorePods is a quota that is used up. The controller that counts does not run, and
// the API server goes by the status.
func noMorePods(ctx SpecContext, namespace string) {
	GinkgoHelper()
	one := corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "small"},
		Spec:       corev1.ResourceQuotaSpec{Hard: one},
	}
	Expect(testEnv.Client.Create(ctx, quota)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, quota) })
	quota.Status = corev1.ResourceQuotaStatus{Hard: one, Used: one}
	Expect(testEnv.Client.Status().Update(ctx, quota)).To(Succeed())
	Eventually(func() error {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "main:1"}}},
		}
		return testEnv.Client.Create(ctx, pod, client.DryRunAll)
	}).WithContext(ctx).WithTimeout(noticeTimeout).Should(MatchError(ContainSubstring("exceeded quota")))
}
