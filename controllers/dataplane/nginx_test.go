// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = Describe("A class of ingress-nginx with header routing", func() {
	var headersName string
	var headers *corev1.ConfigMap
	var setting map[string]string

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
		class := builders.Class("nginx", v1alpha1.VendorIngressNginx, builders.WithRouting(v1alpha1.RoutingHeader), withConfigMapRef())
		plan := translate.Class(operator.Registry, class, translate.ClassSnapshot{
			ClusterDomain: linkerd.DefaultClusterDomain,
		}).Plan
		Expect(plan.Objects).To(HaveLen(1))
		headersName = plan.Objects[0].GetName()
		headers = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ingress-nginx", Name: headersName}}
		setting = map[string]string{"proxy-set-headers": "ingress-nginx/" + headersName}
	})

	It("makes the headers, names them in the controller's settings, and takes both back", func(ctx SpecContext) {
		before := snapshot(ctx)
		class := newHeaderClass(ctx)
		_, err := reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		self := "PATCH /apis/networking.meshingress.dev/v1alpha1/meshingressclasses/nginx"
		configMaps := "PATCH /api/v1/namespaces/ingress-nginx/configmaps/"
		Expect(operator.Writes.Writes()).To(Equal([]string{
			self, self + "/status", configMaps + headersName, configMaps + "ingress-nginx-controller",
			"PATCH " + pathOf(nginxWorkload), self + "/status",
		}), "the header is set before the proxy is in ingress mode")
		Expect(latest(ctx, headers).Data).To(Equal(map[string]string{
			"l5d-dst-override": "$service_name.$namespace.svc.cluster.local:$service_port",
		}))
		Expect(translate.ClassOwner(latest(ctx, class)).Owns(latest(ctx, headers))).To(BeTrue())
		Expect(latest(ctx, controllerSettings()).Data).To(Equal(setting))
		Expect(operator.Watches.Kinds()).To(ContainElement(providers.KindConfigMap.GroupVersionKind))
		status := latest(ctx, class).Status
		Expect(status.Inventory).To(HaveExactElements(HaveField("Name", headersName)))
		Expect(status.Claims).To(HaveExactElements(HaveField("Name", "ingress-nginx-controller"), HaveField("Kind", "Deployment")))
		Expect(status.Notices).To(HaveLen(3))

		operator.Writes.Reset()
		_, err = reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		Expect(operator.Writes.Writes()).To(BeEmpty())
		rollOut(ctx, nginxWorkload)
		settle(ctx, class)
		expectReady(ctx, class)

		By("somebody deletes the headers")
		Expect(testEnv.Client.Delete(ctx, headers)).To(Succeed())
		settle(ctx, class)
		expect.ExpectExists(ctx, testEnv.Client, headers)
		Expect(operator.Metric("meshingress_drift_corrections_total", "ConfigMap")).To(BeEquivalentTo(1))

		By("the class goes, the workload first")
		removePods(ctx, nginxWorkload)
		forgetStatus(ctx, nginxWorkload)
		operator.Writes.Reset()
		remove(ctx, class)
		Expect(operator.Writes.Writes()).To(Equal([]string{
			"PATCH " + pathOf(nginxWorkload), configMaps + "ingress-nginx-controller", "DELETE" + configMaps[len("PATCH"):] + headersName, self,
		}))
		expectSame(ctx, before)
	})

	It("takes both back where routing becomes ClusterIP", func(ctx SpecContext) {
		class := newHeaderClass(ctx)
		settle(ctx, class)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingAuto })
		settle(ctx, class)
		expect.ExpectNotFound(ctx, testEnv.Client, headers)
		Expect(latest(ctx, controllerSettings()).Data).To(BeEmpty())
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		Expect(latest(ctx, class).Status.Inventory).To(BeEmpty())
	})

	It("keeps both while the workload cannot be released, or its proxy would be an open relay", func(ctx SpecContext) {
		class := newHeaderClass(ctx)
		settle(ctx, class)
		Expect(testEnv.Client.Delete(ctx, class)).To(Succeed())
		operator.Writes.Reset()
		operator.Faults.FailWrite(1)
		_, err := reconcileOnce(ctx, class)
		Expect(err).To(HaveOccurred())
		operator.Faults.Clear()
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(inject, "ingress"))
		expect.ExpectExists(ctx, testEnv.Client, headers)
		Expect(latest(ctx, controllerSettings()).Data).To(Equal(setting))
	})

	It("writes none of it in an audit", func(ctx SpecContext) {
		before := snapshot(ctx)
		class := newClass(ctx, "nginx", v1alpha1.VendorIngressNginx, builders.WithRouting(v1alpha1.RoutingHeader),
			withConfigMapRef(), builders.WithInjection(v1alpha1.InjectionAudit))
		settle(ctx, class)
		expectSame(ctx, before)
	})

	It("leaves proxy-set-headers to a user who has set them, and the proxy out of ingress mode", func(ctx SpecContext) {
		edit(ctx, controllerSettings(), func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"proxy-set-headers": "theirs/headers"} })
		class := newHeaderClass(ctx)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict,
			"ConfigMap ingress-nginx/ingress-nginx-controller", ".data.proxy-set-headers", `"kubectl-edit"`)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted, metav1.ConditionTrue, v1alpha1.ReasonFieldConflict)
		Expect(latest(ctx, controllerSettings()).Data).To(Equal(map[string]string{"proxy-set-headers": "theirs/headers"}))
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(BeEmpty(), "a proxy in ingress mode without the header is an open relay")
		Expect(operator.Metric("meshingress_conflicts_total", "ConfigMap")).NotTo(BeZero())

		By("the user takes them off")
		edit(ctx, controllerSettings(), func(cm *corev1.ConfigMap) { cm.Data = nil })
		settle(ctx, class)
		Expect(latest(ctx, controllerSettings()).Data).To(Equal(setting))
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(inject, "ingress"))
	})

	It("does not take a stranger's ConfigMap of the same name", func(ctx SpecContext) {
		theirs := headers.DeepCopy()
		theirs.Data = map[string]string{"theirs": "header"}
		expect.ExpectApplied(ctx, testEnv.Client, theirs)
		class := newHeaderClass(ctx)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonApplyFailed, "ConfigMap ingress-nginx/"+headersName)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted, metav1.ConditionTrue, v1alpha1.ReasonObjectConflict)
		remove(ctx, class)
		Expect(latest(ctx, theirs).Data).To(Equal(theirs.Data))
	})

	DescribeTable("says that the controller's settings are not there, and waits for them",
		func(ctx SpecContext, namespace, name string) {
			before := snapshot(ctx)
			class := newClass(ctx, "nginx", v1alpha1.VendorIngressNginx, builders.WithRouting(v1alpha1.RoutingHeader),
				func(class *v1alpha1.MeshIngressClass) {
					class.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{
						ConfigMapRef: &v1alpha1.ObjectKey{Namespace: namespace, Name: name},
					}
				})
			result := settle(ctx, class)
			Expect(result.RequeueAfter).NotTo(BeZero())
			expectUnmeshed(ctx, class, v1alpha1.ReasonApplyFailed, "there is no ConfigMap "+namespace+"/"+name)
			expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted)
			expectSame(ctx, before)

			By("the reference is corrected")
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
				c.Spec.IngressNginx.ConfigMapRef = &v1alpha1.ObjectKey{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"}
			})
			settle(ctx, class)
			Expect(latest(ctx, controllerSettings()).Data).To(Equal(setting))
			remove(ctx, class)
			expectSame(ctx, before)
		},
		Entry("by that name", "ingress-nginx", "typo"),
		Entry("nor their Namespace", "typo", "ingress-nginx-controller"),
	)

	It("releases the settings that were made anew from nothing", func(ctx SpecContext) {
		class := newHeaderClass(ctx)
		settle(ctx, class)
		Expect(testEnv.Client.Delete(ctx, controllerSettings())).To(Succeed())
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonApplyFailed, "there is no ConfigMap")
		expect.ExpectNotFound(ctx, testEnv.Client, controllerSettings())
		remove(ctx, class)
		expect.ExpectNotFound(ctx, testEnv.Client, controllerSettings(), headers)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(BeEmpty())
	})

	It("waits for the first look at ConfigMaps", func(ctx SpecContext) {
		operator.Watches.Waiting = true
		before := snapshot(ctx)
		class := newHeaderClass(ctx)
		result := settle(ctx, class)
		Expect(result.RequeueAfter).To(BeNumerically("~", 1e9), "in a second")
		expectSame(ctx, before)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonPending)

		operator.Watches.Waiting = false
		settle(ctx, class)
		Expect(latest(ctx, controllerSettings()).Data).To(Equal(setting))
	})
})

type relayCase struct {
	vendor  v1alpha1.Vendor
	fixture string
	class   string
	route   func() client.Object
	says    string
}

func strangersIngress(namespace, class string) func() client.Object {
	return func() client.Object {
		return &networkingv1.Ingress{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "theirs"},
			Spec: networkingv1.IngressSpec{
				IngressClassName: &class,
				DefaultBackend: &networkingv1.IngressBackend{
					Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}},
				},
			},
		}
	}
}

var _ = DescribeTable("A stranger's route of a controller in ingress mode is reported while it is there",
	func(ctx SpecContext, r relayCase) {
		installLinkerd(ctx)
		install(ctx, r.fixture)
		class := newClass(ctx, r.class, r.vendor, builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, class)
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed)

		theirs := r.route()
		Expect(testEnv.Client.Create(ctx, theirs)).To(Succeed())
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed, metav1.ConditionTrue, v1alpha1.ReasonUncoveredRoutes)
		expect.ExpectConditionMessage(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed, r.says, "l5d-dst-override")
		Expect(latest(ctx, class).Status.UncoveredRoutes).To(HaveExactElements(HaveField("Name", "theirs")))

		By("it is removed")
		Expect(testEnv.Client.Delete(ctx, theirs)).To(Succeed())
		settle(ctx, class)
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed)
		Expect(latest(ctx, class).Status.UncoveredRoutes).To(BeEmpty())
	},
	Entry("an HTTPProxy of Contour", relayCase{
		vendor: v1alpha1.VendorContour, fixture: fixtures.Contour, class: "contour", says: "HTTPProxy projectcontour/theirs",
		route: func() client.Object {
			o := route("projectcontour.io", "v1", "HTTPProxy")
			o.SetNamespace("projectcontour")
			o.SetName("theirs")
			o.Object["spec"] = map[string]any{
				"virtualhost": map[string]any{"fqdn": "example.com"},
				"routes":      []any{map[string]any{"services": []any{map[string]any{"name": "web", "port": int64(80)}}}},
			}
			return o
		},
	}),
	Entry("an Ingress of Contour", relayCase{
		vendor: v1alpha1.VendorContour, fixture: fixtures.Contour, class: "contour", says: "Ingress projectcontour/theirs",
		route: strangersIngress("projectcontour", "contour"),
	}),
	Entry("an IngressRoute of Traefik", relayCase{
		vendor: v1alpha1.VendorTraefik, fixture: fixtures.Traefik, class: "traefik", says: "IngressRoute traefik/theirs",
		route: func() client.Object {
			o := route("traefik.io", "v1alpha1", "IngressRoute")
			o.SetNamespace("traefik")
			o.SetName("theirs")
			o.Object["spec"] = map[string]any{"routes": []any{map[string]any{
				"kind": "Rule", "match": "Host(`example.com`)", "services": []any{map[string]any{"name": "web", "port": int64(80)}},
			}}}
			return o
		},
	}),
)

var _ = Describe("A stranger's route", func() {
	It("is no relay of a controller that is not in ingress mode", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		Expect(testEnv.Client.Create(ctx, strangersIngress("traefik", "traefik")())).To(Succeed())
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed)
		Expect(operator.Watches.Kinds()).To(BeEmpty(), "nothing is watched for nothing")

		By("it is, once routing is by header, and no longer when that ends")
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed, metav1.ConditionTrue, v1alpha1.ReasonUncoveredRoutes)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingAuto })
		settle(ctx, class)
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed)
	})
})
