// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = Describe("No client may choose the Service", func() {
	BeforeEach(func(ctx SpecContext) { installLinkerd(ctx) })

	mi := func(ctx SpecContext, name, class string, st v1alpha1.Strategy, inv ...v1alpha1.InventoryEntry) *v1alpha1.MeshIngress {
		web := builders.MeshIngress(name, "traefik", builders.WithClass(class), builders.WithRule("", "/", "web-svc", 80))
		web.Status.Strategy = st
		web.Status.Inventory = inv
		expect.ExpectApplied(ctx, testEnv.Client, web)
		DeferCleanup(func(ctx SpecContext) { removeMeshIngress(ctx, web) })
		return web
	}
	route := v1alpha1.InventoryEntry{Group: "traefik.io", Version: "v1alpha1", Kind: "IngressRoute", Namespace: "traefik", Name: "web"}

	It("and yet a MeshIngress with nothing but policies holds nothing up", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		mi(ctx, "web", "traefik", "", v1alpha1.InventoryEntry{Group: "policy.linkerd.io", Version: "v1beta3", Kind: "Server", Namespace: "traefik", Name: "web"})
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"))
	})

	It("through routes of a class on the same pods that cannot tell what it claims", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		second := newClass(ctx, "second", v1alpha1.VendorTraefik, builders.WithServiceRef("traefik", "gone"),
			builders.WithWorkload("Deployment", "traefik", "traefik"))
		mi(ctx, "web", "second", v1alpha1.StrategyClusterIP, route)
		first := newClass(ctx, "first", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, second, first, second, first)
		expect.ExpectCondition(ctx, testEnv.Client, second, v1alpha1.ConditionDiscovered, metav1.ConditionFalse, v1alpha1.ReasonServiceNotFound)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).NotTo(HaveKeyWithValue(inject, "ingress"), "open relay")
	})

	It("through pods of a workload that its class no longer finds", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		expect.ExpectApplied(ctx, testEnv.Client, builders.Service("traefik", "web-svc", builders.ServicePort("http", 80)))
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		old := mi(ctx, "old", "traefik", "")
		m := operator.MeshIngress()
		for range 4 {
			_, err := controllertest.Reconcile(ctx, m, old)
			Expect(err).NotTo(HaveOccurred())
		}
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.Routing = v1alpha1.RoutingClusterIP
			c.Spec.DataPlane.Workloads = []v1alpha1.WorkloadReference{{Kind: "Deployment", Namespace: "traefik", Name: "to-come"}}
		})
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"), "held")
		fresh := mi(ctx, "fresh", "traefik", "")
		for range 4 {
			_, err := controllertest.Reconcile(ctx, m, old)
			Expect(err).NotTo(HaveOccurred())
			_, err = controllertest.Reconcile(ctx, m, fresh)
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(latest(ctx, old).Status.Strategy).To(Equal(v1alpha1.StrategyHeader), "old one dropped the header")
		Expect(latest(ctx, fresh).Status.Inventory).To(BeEmpty(), "new one without header")
	})

	It("through new routes, while what the class wants cannot be told", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		expect.ExpectApplied(ctx, testEnv.Client, builders.Service("traefik", "web-svc", builders.ServicePort("http", 80)))
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.Routing = v1alpha1.RoutingClusterIP
			c.Spec.DataPlane.ServiceRef = &v1alpha1.ObjectKey{Namespace: "traefik", Name: "gone"}
		})
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"), "held")
		fresh := mi(ctx, "fresh", "traefik", "")
		m := operator.MeshIngress()
		for range 4 {
			_, err := controllertest.Reconcile(ctx, m, fresh)
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(latest(ctx, fresh).Status.Inventory).To(BeEmpty(), "new one without header")
	})

	It("because a setting leaves before the pods of a workload that is no longer found", func(ctx SpecContext) {
		install(ctx, fixtures.IngressNginx)
		class := newHeaderClass(ctx)
		settle(ctx, class)
		rollOut(ctx, nginxWorkload)
		settle(ctx, class)
		Expect(latest(ctx, controllerSettings()).Data).To(HaveKey("proxy-set-headers"))
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.Routing = v1alpha1.RoutingClusterIP
			c.Spec.DataPlane.ServiceRef = &v1alpha1.ObjectKey{Namespace: "ingress-nginx", Name: "gone"}
		})
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(inject, "ingress"))
		var pods corev1.PodList
		Expect(testEnv.Client.List(ctx, &pods, client.InNamespace("ingress-nginx"))).To(Succeed())
		Expect(hasProxy(&pods.Items[0], linkerd.InjectIngress)).To(BeTrue())
		Expect(latest(ctx, controllerSettings()).Data).To(HaveKey("proxy-set-headers"), "header setting left first")
	})

	It("and yet somebody else's time of a restart takes no pod out of the mesh", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, repairing)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		annotate(ctx, traefikWorkload, map[string]string{restartedAt: "2020-01-01T00:00:00Z"})
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		comeUpWithout(ctx, traefikWorkload)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
	})

	It("and yet a younger class that is blocked does not hold up an older one", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "linkerd", Name: "linkerd-config"}}
		edit(ctx, cm, func(c *corev1.ConfigMap) {
			c.Data["values"] = strings.ReplaceAll(c.Data["values"], "edge-26.8.3", "stable-2.13.2")
		})
		first := newClass(ctx, "a-first", v1alpha1.VendorTraefik)
		younger := newClass(ctx, "b-younger", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, younger, first, younger, first)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
	})
})
