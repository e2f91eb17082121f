// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// beginRollout lets a workload's controller see the template, and make no pod of it.
func beginRollout(ctx SpecContext, ref v1alpha1.WorkloadReference) {
	GinkgoHelper()
	o := object(ctx, ref)
	o.Object["status"] = map[string]any{"observedGeneration": o.GetGeneration(), "replicas": int64(1)}
	Expect(testEnv.Client.Status().Update(ctx, o)).To(Succeed())
}

func scaleToZero(ctx SpecContext, ref v1alpha1.WorkloadReference) {
	GinkgoHelper()
	edit(ctx, deployment(ref), func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32) })
	removePods(ctx, ref)
	sayRolledOut(ctx, ref, 0)
}

// stuck are the ways in which a rollout never comes to its end.
func stuckRollouts() []TableEntry {
	says := func(conditions ...appsv1.DeploymentCondition) func(SpecContext) {
		return func(ctx SpecContext) {
			beginRollout(ctx, traefikWorkload)
			d := latest(ctx, deployment(traefikWorkload))
			d.Status.Conditions = conditions
			Expect(testEnv.Client.Status().Update(ctx, d)).To(Succeed())
		}
	}
	return []TableEntry{
		Entry("its deadline is over", says(appsv1.DeploymentCondition{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded",
		}), "spec.progressDeadlineSeconds"),
		Entry("its pods are refused", says(appsv1.DeploymentCondition{
			Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "exceeded quota: small",
		}), "exceeded quota: small"),
		Entry("it is paused", func(ctx SpecContext) {
			edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) { d.Spec.Paused = true })
			beginRollout(ctx, traefikWorkload)
		}, "spec.paused"),
		Entry("a new pod cannot start", func(ctx SpecContext) {
			beginRollout(ctx, traefikWorkload)
			removePods(ctx, traefikWorkload)
			pod := podOf(get(ctx, traefikWorkload), "pod-2", injected("enabled"), proxyWaits("ImagePullBackOff"))
			expect.ExpectApplied(ctx, testEnv.Client, pod)
		}, "ImagePullBackOff"),
	}
}

var _ = Describe("A rollout", func() {
	var (
		class  *v1alpha1.MeshIngressClass
		before int64
	)

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik)
	})

	// change is one of the class that changes the template.
	changePorts := func(ctx SpecContext) {
		GinkgoHelper()
		before = generation(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
		settle(ctx, class)
	}
	toIngress := func(ctx SpecContext) {
		GinkgoHelper()
		before = generation(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		settle(ctx, class)
	}

	Describe("of the class's own", func() {
		BeforeEach(func(ctx SpecContext) { settle(ctx, class) })

		It("comes to its end before the next change, which is told", func(ctx SpecContext) {
			beginRollout(ctx, traefikWorkload)
			toIngress(ctx)
			Expect(generation(ctx, traefikWorkload)).To(Equal(before))
			expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress, "Deployment traefik/traefik", "linkerd.io/inject: ingress")

			By("all pods are of the new template, and one is not ready yet")
			removePods(ctx, traefikWorkload)
			expect.ExpectApplied(ctx, testEnv.Client, podOf(get(ctx, traefikWorkload), "pod-1", injected("enabled"), unready))
			sayRolledOut(ctx, traefikWorkload, 1)
			settle(ctx, class)
			Expect(generation(ctx, traefikWorkload)).To(Equal(before))

			By("the end")
			rollOut(ctx, traefikWorkload)
			settle(ctx, class)
			Expect(generation(ctx, traefikWorkload)).To(Equal(before + 1))
			Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, linkerd.InjectIngress))
		})

		It("is awaited, too, before fewer annotations are set", func(ctx SpecContext) {
			beginRollout(ctx, traefikWorkload)
			changePorts(ctx)
			Expect(generation(ctx, traefikWorkload)).To(Equal(before))
			expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress, "fewer annotations of Deployment traefik/traefik")
		})

		It("makes no change of several while it goes on, and one afterwards", func(ctx SpecContext) {
			beginRollout(ctx, traefikWorkload)
			toIngress(ctx)
			start := before
			changePorts(ctx)
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPPreserve })
			settle(ctx, class)
			rollOut(ctx, traefikWorkload)
			settle(ctx, class)
			Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))
		})

		DescribeTable("that is stuck is told, and does not hold up what may mend it",
			func(ctx SpecContext, sticks func(SpecContext), says string) {
				rollOut(ctx, traefikWorkload)
				settle(ctx, class)
				edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) {
					d.Spec.Template.Labels["theirs"] = "new"
				})
				sticks(ctx)
				settle(ctx, class)
				expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutStuck, "Deployment traefik/traefik", says)

				changePorts(ctx)
				Expect(generation(ctx, traefikWorkload)).To(Equal(before + 1))
			}, stuckRollouts())

		It("does not hold up a change where no pods are to run", func(ctx SpecContext) {
			edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32) })
			beginRollout(ctx, traefikWorkload)
			changePorts(ctx)
			Expect(generation(ctx, traefikWorkload)).To(Equal(before + 1))
			expectUnmeshed(ctx, class, v1alpha1.ReasonNoPods)
		})

		DescribeTable("does not hold up a class that leaves",
			func(ctx SpecContext, leave func(SpecContext)) {
				beginRollout(ctx, traefikWorkload)
				leave(ctx)
				Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
			},
			Entry("by its deletion", func(ctx SpecContext) { remove(ctx, class) }),
			Entry("by an audit", func(ctx SpecContext) {
				change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionAudit })
				settle(ctx, class)
			}),
			Entry("by looking on", func(ctx SpecContext) {
				change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionIgnore })
				settle(ctx, class)
			}),
		)

		It("is awaited also where the cache does not show it yet", func(ctx SpecContext) {
			rollOut(ctx, traefikWorkload)
			settle(ctx, class)
			old := latest(ctx, deployment(traefikWorkload))
			annotate(ctx, traefikWorkload, map[string]string{"theirs": "new"})
			behind := dataplaneThatLists(func(list client.ObjectList) {
				if deployments, ok := list.(*appsv1.DeploymentList); ok {
					for i := range deployments.Items {
						if deployments.Items[i].UID == old.UID {
							old.DeepCopyInto(&deployments.Items[i])
						}
					}
				}
			})
			before = generation(ctx, traefikWorkload)
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
			operator.ReconcileUntilSettled(ctx, behind, class)
			Expect(generation(ctx, traefikWorkload)).To(Equal(before))
		})
	})

	It("of somebody else's is awaited before the first claim", func(ctx SpecContext) {
		beginRollout(ctx, traefikWorkload)
		before = generation(ctx, traefikWorkload)
		settle(ctx, class)
		Expect(generation(ctx, traefikWorkload)).To(Equal(before))
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress, "linkerd.io/inject: enabled")

		By("another class waits for it as well")
		second := newClass(ctx, "second", v1alpha1.VendorTraefik)
		settle(ctx, second, class)
		Expect(generation(ctx, traefikWorkload)).To(Equal(before))

		rollOut(ctx, traefikWorkload)
		settle(ctx, class, second)
		Expect(generation(ctx, traefikWorkload)).To(Equal(before + 1))
	})

	It("is none before the workload's controller has seen it", func(ctx SpecContext) {
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
	})

	It("does not hide a conflict", func(ctx SpecContext) {
		settle(ctx, class)
		annotate(ctx, traefikWorkload, map[string]string{inject: "disabled"})
		beginRollout(ctx, traefikWorkload)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict, `"kubectl-edit"`)
	})

	It("of a DaemonSet whose pods are only replaced where they are deleted is told, with the remedy", func(ctx SpecContext) {
		install(ctx, fixtures.Contour)
		edit(ctx, &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "projectcontour", Name: "envoy"}}, func(d *appsv1.DaemonSet) {
			d.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
		})
		contour := newClass(ctx, "contour", v1alpha1.VendorContour)
		rollOut(ctx, contourWorkload)
		settle(ctx, contour)
		o := object(ctx, contourWorkload)
		status := o.Object["status"].(map[string]any)
		status["observedGeneration"], status["updatedNumberScheduled"] = o.GetGeneration(), int64(0)
		Expect(testEnv.Client.Status().Update(ctx, o)).To(Succeed())
		settle(ctx, contour)
		expectUnmeshed(ctx, contour, v1alpha1.ReasonRolloutStuck, "OnDelete", "delete them")
	})

	It("of a Namespace's pods is none, and does not hold up its annotations", func(ctx SpecContext) {
		install(ctx, fixtures.EnvoyGateway)
		envoy := envoyClass(ctx, "public", withTarget(v1alpha1.InjectionTargetNamespace))
		settle(ctx, envoy)
		beginRollout(ctx, latest(ctx, envoy).Status.Workloads[0].WorkloadReference)
		change(ctx, envoy, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
		settle(ctx, envoy)
		Expect(envoyNamespacePlace(v1alpha1.InjectionTargetNamespace).annotations(ctx)).NotTo(HaveKey(skipPorts))
	})

	It("of a generated workload holds up the annotations of what it is generated from", func(ctx SpecContext) {
		install(ctx, fixtures.EnvoyGateway)
		envoy := envoyClass(ctx, "public", withTarget(v1alpha1.InjectionTargetGateway))
		settle(ctx, envoy)
		generated := latest(ctx, envoy).Status.Workloads[0].WorkloadReference
		beginRollout(ctx, generated)
		change(ctx, envoy, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
		settle(ctx, envoy)
		expectUnmeshed(ctx, envoy, v1alpha1.ReasonRolloutInProgress, "fewer annotations of Gateway infra/public")
		rollOut(ctx, generated)
		settle(ctx, envoy)
		Expect(latest(ctx, envoy).Status.Workloads[0].Message).To(BeEmpty())
		Expect(latest(ctx, envoy).Status.Conditions).NotTo(ContainElement(HaveField("Message", ContainSubstring("fewer annotations"))))
	})
})

// removeHeader deletes a class of ingress-nginx with header routing, which goes only
// after the pods that are in ingress mode.
func removeHeader(ctx SpecContext, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	expect.ExpectDeleted(ctx, testEnv.Client, class)
	settle(ctx, class)
	expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReleasing)
	rollOut(ctx, nginxWorkload)
	settle(ctx, class)
	expect.ExpectNotFound(ctx, testEnv.Client, class)
}

var _ = Describe("A class with header routing that is deleted", func() {
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
		class = newHeaderClass(ctx)
		settle(ctx, class)
		rollOut(ctx, nginxWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
	})

	// waits expects that the annotations are gone, and the header is not.
	waits := func(ctx SpecContext, says ...string) {
		GinkgoHelper()
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(BeEmpty())
		Expect(latest(ctx, controllerSettings()).Data).To(HaveKey("proxy-set-headers"))
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReleasing)
		expect.ExpectConditionMessage(ctx, testEnv.Client, class, v1alpha1.ConditionReady,
			append(says, "Deployment ingress-nginx/ingress-nginx-controller")...)
	}
	goes := func(ctx SpecContext) {
		GinkgoHelper()
		settle(ctx, class)
		expect.ExpectNotFound(ctx, testEnv.Client, class)
		Expect(latest(ctx, controllerSettings()).Data).To(BeEmpty())
	}

	It("keeps the header until no pod is in ingress mode", func(ctx SpecContext) {
		start := generation(ctx, nginxWorkload)
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		waits(ctx, "l5d-dst-override", "1 of them")

		By("a rollout that has begun")
		beginRollout(ctx, nginxWorkload)
		expect.ExpectApplied(ctx, testEnv.Client, podOf(get(ctx, nginxWorkload), "pod-2"))
		waits(ctx, "1 of them")

		By("its end")
		rollOut(ctx, nginxWorkload)
		goes(ctx)
		Expect(generation(ctx, nginxWorkload)).To(Equal(start+1), "one rollout")
	})

	It("waits for pods that are on their way out", func(ctx SpecContext) {
		pod := latest(ctx, podOf(get(ctx, nginxWorkload), "pod-1"))
		pod.Finalizers = []string{"example.com/stays"}
		Expect(testEnv.Client.Update(ctx, pod)).To(Succeed())
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		expect.ExpectDeleted(ctx, testEnv.Client, pod)
		sayRolledOut(ctx, nginxWorkload, 1)
		waits(ctx)
		edit(ctx, pod, func(pod *corev1.Pod) { pod.Finalizers = nil })
		sayRolledOut(ctx, nginxWorkload, 1)
		goes(ctx)
	})

	It("waits until the workload's controller has seen that there is a new template", func(ctx SpecContext) {
		removePods(ctx, nginxWorkload)
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		waits(ctx, "0 of them")
		beginRollout(ctx, nginxWorkload)
		goes(ctx)
	})

	It("says what a rollout is stuck on, and goes on waiting", func(ctx SpecContext) {
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		waits(ctx)
		edit(ctx, deployment(nginxWorkload), func(d *appsv1.Deployment) { d.Spec.Paused = true })
		beginRollout(ctx, nginxWorkload)
		waits(ctx, "spec.paused")
		rollOut(ctx, nginxWorkload)
		goes(ctx)
	})

	It("does not wait for a workload that is gone", func(ctx SpecContext) {
		Expect(testEnv.Client.Delete(ctx, object(ctx, nginxWorkload))).To(Succeed())
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		goes(ctx)
	})

	It("does not wait where somebody else keeps the workload in ingress mode", func(ctx SpecContext) {
		annotate(ctx, nginxWorkload, map[string]string{inject: ""})
		annotate(ctx, nginxWorkload, map[string]string{inject: linkerd.InjectIngress})
		rollOut(ctx, nginxWorkload)
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		goes(ctx)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(Equal(map[string]string{inject: linkerd.InjectIngress}))
	})

	It("is told by the pods when to go", func(ctx SpecContext) {
		startManager()
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		soonReady(ctx, class, v1alpha1.ReasonReleasing)
		rollOut(ctx, nginxWorkload)
		Eventually(func() error {
			return testEnv.Client.Get(ctx, client.ObjectKeyFromObject(class), builders.Class("nginx", v1alpha1.VendorIngressNginx))
		}).WithTimeout(noticeTimeout).Should(MatchError(ContainSubstring("not found")))
	})
})
