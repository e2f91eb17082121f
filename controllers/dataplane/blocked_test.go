// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

func linkerdConfig() *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "linkerd", Name: linkerd.ConfigMapName}}
}

func setProjection(ctx SpecContext, on string) {
	GinkgoHelper()
	edit(ctx, linkerdConfig(), func(cm *corev1.ConfigMap) {
		for _, value := range []string{"true", "false"} {
			cm.Data["values"] = strings.ReplaceAll(cm.Data["values"],
				"serviceAccountTokenProjection: "+value, "serviceAccountTokenProjection: "+on)
		}
	})
}

type obstacle struct {
	put, takeAway func(SpecContext)
	says          []string
}

func onDeployment(doing func(*appsv1.Deployment)) func(SpecContext) {
	return func(ctx SpecContext) { edit(ctx, deployment(traefikWorkload), doing) }
}

func onNamespace(doing func(*corev1.Namespace)) func(SpecContext) {
	return func(ctx SpecContext) { edit(ctx, builders.Namespace("traefik"), doing) }
}

// obstacles are what keeps Linkerd from injecting a workload.
func obstacles() []TableEntry {
	return []TableEntry{
		Entry("the host's network", obstacle{
			put: onDeployment(func(d *appsv1.Deployment) { d.Spec.Template.Spec.HostNetwork = true }),
			takeAway: onDeployment(func(d *appsv1.Deployment) {
				d.Spec.Template.Spec.HostNetwork = false
				for i := range d.Spec.Template.Spec.Containers[0].Ports {
					d.Spec.Template.Spec.Containers[0].Ports[i].HostPort = 0
				}
			}),
			says: []string{"hostNetwork: false"},
		}),
		Entry("a proxy of Istio", obstacle{
			put: onDeployment(func(d *appsv1.Deployment) {
				d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Name: "istio-proxy", Image: "a:1"})
			}),
			takeAway: onDeployment(func(d *appsv1.Deployment) {
				d.Spec.Template.Spec.Containers = d.Spec.Template.Spec.Containers[:1]
			}),
			says: []string{"istio-proxy", "remove it"},
		}),
		Entry("a Namespace that the injector does not see", obstacle{
			put: onNamespace(func(ns *corev1.Namespace) {
				ns.Labels[linkerd.AdmissionWebhooksLabel] = linkerd.AdmissionWebhooksDisabled
			}),
			takeAway: onNamespace(func(ns *corev1.Namespace) { delete(ns.Labels, linkerd.AdmissionWebhooksLabel) }),
			says:     []string{"namespace traefik", "move"},
		}),
		Entry("labels that the injector passes by", obstacle{
			put: onDeployment(func(d *appsv1.Deployment) { d.Spec.Template.Labels["linkerd.io/cni-resource"] = "true" }),
			takeAway: onDeployment(func(d *appsv1.Deployment) {
				delete(d.Spec.Template.Labels, "linkerd.io/cni-resource")
			}),
			says: []string{"spec.template.metadata.labels"},
		}),
		Entry("a Namespace whose annotation makes no sense", obstacle{
			put: onNamespace(func(ns *corev1.Namespace) {
				ns.Annotations = map[string]string{linkerd.InjectAnnotation: "true"}
			}),
			takeAway: onNamespace(func(ns *corev1.Namespace) { delete(ns.Annotations, linkerd.InjectAnnotation) }),
			says:     []string{"Namespace traefik", "or remove it"},
		}),
		Entry("no token, neither mounted nor projected", obstacle{
			put: func(ctx SpecContext) {
				setProjection(ctx, "false")
				onDeployment(func(d *appsv1.Deployment) {
					d.Spec.Template.Spec.AutomountServiceAccountToken = ptr.To(false)
				})(ctx)
			},
			takeAway: func(ctx SpecContext) { setProjection(ctx, "true") },
			says:     []string{"automountServiceAccountToken: true", "serviceAccountTokenProjection"},
		}),
	}
}

var _ = DescribeTable("A workload that Linkerd cannot inject is left alone, until it can",
	func(ctx SpecContext, o obstacle) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		o.put(ctx)
		before := snapshot(ctx)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expectSame(ctx, before)
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, append(o.says, "Deployment traefik/traefik")...)
		Expect(latest(ctx, class).Status.Workloads[0].Message).To(ContainSubstring(o.says[0]))

		o.takeAway(ctx)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}))
	}, obstacles())

var _ = DescribeTable("A workload that Linkerd can no longer inject keeps what it has, and a class lets it go nevertheless",
	func(ctx SpecContext, o obstacle) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		first := newClass(ctx, "first", v1alpha1.VendorTraefik)
		settle(ctx, first)
		o.put(ctx)
		operator.Writes.Reset()
		settle(ctx, first)
		expectUnmeshed(ctx, first, v1alpha1.ReasonInjectionBlocked, o.says...)
		Expect(workloadWrites()).To(BeEmpty())
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveLen(2))

		By("another class comes, and has written nothing")
		second := newClass(ctx, "second", v1alpha1.VendorTraefik)
		settle(ctx, second)
		Expect(workloadWrites()).To(BeEmpty())
		remove(ctx, first)
		remove(ctx, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty(), "nobody is left to take them off")
	}, obstacles())

var _ = Describe("A cluster without Linkerd", func() {
	DescribeTable("gets nothing from us, until Linkerd is there",
		func(ctx SpecContext, has, lacks string) {
			install(ctx, fixtures.IngressNginx)
			if has != "" {
				install(ctx, has)
			}
			before := snapshot(ctx)
			class := newHeaderClass(ctx)
			settle(ctx, class)
			expectSame(ctx, before)
			expectUnmeshed(ctx, class, v1alpha1.ReasonLinkerdNotFound, lacks)

			installLinkerd(ctx)
			settle(ctx, class)
			Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(inject, "ingress"))
			Expect(latest(ctx, class).Status.Linkerd).NotTo(BeNil())
		},
		Entry("at all", "", "ConfigMap linkerd-config"),
		Entry("with its injector alone", fixtures.LinkerdInjector, "ConfigMap linkerd-config"),
		Entry("with its configuration alone", fixtures.Linkerd, "MutatingWebhookConfiguration linkerd-proxy-injector-webhook-config"),
	)

	It("that it has left keeps what was written for it", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
		class := newHeaderClass(ctx)
		settle(ctx, class)
		rollOut(ctx, nginxWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
		recorded := latest(ctx, class).Status

		cleanLinkerd(ctx)
		before := snapshot(ctx)
		settle(ctx, class)
		expectSame(ctx, before)
		expectUnmeshed(ctx, class, v1alpha1.ReasonLinkerdNotFound)
		Expect(latest(ctx, class).Status.Claims).To(Equal(recorded.Claims))
		Expect(latest(ctx, class).Status.Inventory).To(Equal(recorded.Inventory))
		Expect(latest(ctx, class).Status.Linkerd).To(BeNil())

		By("the class goes after it, and after its pods")
		removeHeader(ctx, class)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(BeEmpty())
		Expect(latest(ctx, controllerSettings()).Data).To(BeEmpty())
	})
})

var _ = Describe("A Linkerd whose proxies fail requests without the header", func() {
	It("gets no controller in ingress mode, until it is upgraded", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Contour)
		upgrade := func(from, to string) {
			GinkgoHelper()
			edit(ctx, linkerdConfig(), func(cm *corev1.ConfigMap) {
				cm.Data["values"] = strings.ReplaceAll(cm.Data["values"], "linkerdVersion: "+from, "linkerdVersion: "+to)
			})
		}
		upgrade("edge-26.8.3", "stable-2.13.4")
		before := snapshot(ctx)
		class := newClass(ctx, "contour", v1alpha1.VendorContour)
		settle(ctx, class)
		expectSame(ctx, before)
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, "stable-2.13.4", "2.13.5 or later", "spec.routing: ClusterIP")

		upgrade("stable-2.13.4", "stable-2.13.5")
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, contourWorkload)).To(HaveKeyWithValue(inject, "ingress"))
	})
})

var _ = Describe("A configuration of Linkerd that makes no sense", func() {
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik)
	})

	breakIt := func(ctx SpecContext) {
		edit(ctx, linkerdConfig(), func(cm *corev1.ConfigMap) { cm.Data["values"] = "clusterDomain: [" })
	}

	expectUnknown := func(ctx SpecContext) {
		GinkgoHelper()
		for _, c := range []string{v1alpha1.ConditionAccepted, v1alpha1.ConditionMeshed, v1alpha1.ConditionReady} {
			expect.ExpectCondition(ctx, testEnv.Client, class, c, metav1.ConditionUnknown, v1alpha1.ReasonLinkerdUnreadable)
			expect.ExpectConditionMessage(ctx, testEnv.Client, class, c, "data.values of ConfigMap linkerd/linkerd-config", "corrected")
		}
	}

	It("is said, and nothing is written", func(ctx SpecContext) {
		breakIt(ctx)
		before := snapshot(ctx)
		result := settle(ctx, class)
		Expect(result.RequeueAfter).NotTo(BeZero())
		expectSame(ctx, before)
		expectUnknown(ctx)
	})

	It("takes nothing back, lets nothing begin, and unsays no pod", func(ctx SpecContext) {
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
		install(ctx, fixtures.IngressNginx)
		status := latest(ctx, class).Status
		values := latest(ctx, linkerdConfig()).Data["values"]

		breakIt(ctx)
		before := snapshot(ctx)
		header := newHeaderClass(ctx)
		settle(ctx, class, header)
		expectSame(ctx, before)
		expectUnknown(ctx)
		after := latest(ctx, class).Status
		Expect(after.Workloads).To(Equal(status.Workloads))
		Expect(after.Claims).To(Equal(status.Claims))
		Expect(after.Strategy).To(Equal(status.Strategy))
		Expect(latest(ctx, header).Status.Claims).To(BeEmpty())

		edit(ctx, linkerdConfig(), func(cm *corev1.ConfigMap) { cm.Data["values"] = values })
		settle(ctx, class)
		expectReady(ctx, class)
	})

	It("keeps no class from leaving", func(ctx SpecContext) {
		settle(ctx, class)
		breakIt(ctx)
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})
})

func controllerSettings() *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"}}
}

// withConfigMapRef names the controller's own ConfigMap, as header routing needs.
func withConfigMapRef() builders.ClassOption {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{
			ConfigMapRef: &v1alpha1.ObjectKey{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"},
		}
	}
}

// newHeaderClass makes a class of ingress-nginx that routes by header.
func newHeaderClass(ctx SpecContext) *v1alpha1.MeshIngressClass {
	GinkgoHelper()
	return newClass(ctx, "nginx", v1alpha1.VendorIngressNginx, builders.WithRouting(v1alpha1.RoutingHeader), withConfigMapRef())
}
