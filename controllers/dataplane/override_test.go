// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/dataplane"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

func overriding(class *v1alpha1.MeshIngressClass) {
	class.Spec.DataPlane.ConflictPolicy = v1alpha1.ConflictPolicyOverride
}

// installTraefikByHelm applies Traefik's Deployment, as Helm 4 does, with annotations
// on its pods.
func installTraefikByHelm(ctx SpecContext, annotations map[string]any) {
	GinkgoHelper()
	objects, err := fixtures.Objects(fixtures.Traefik)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range objects {
		if o.GetKind() == "Deployment" {
			path := []string{"spec", "template", "metadata", "annotations"}
			Expect(unstructured.SetNestedMap(o.Object, annotations, path...)).To(Succeed())
		}
		body := client.ApplyConfigurationFromUnstructured(o)
		Expect(testEnv.Client.Apply(ctx, body, client.FieldOwner("helm"))).To(Succeed())
	}
}

// forceByHelm lets a release of the chart set annotations, and no others, whoever has set
// them.
func forceByHelm(ctx SpecContext, annotations map[string]any) {
	GinkgoHelper()
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"namespace": traefikWorkload.Namespace, "name": traefikWorkload.Name},
		"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
			"annotations": annotations,
		}}},
	}}
	body := client.ApplyConfigurationFromUnstructured(o)
	Expect(testEnv.Client.Apply(ctx, body, client.FieldOwner("helm-upgrade"), client.ForceOwnership)).To(Succeed())
}

var _ = Describe("What Linkerd needs and somebody else has set otherwise", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		installTraefikByHelm(ctx, map[string]any{inject: "disabled", skipPorts: "22,8000"})
	})

	It("stays as it is by default, and the class says whose it is and what", func(ctx SpecContext) {
		before := snapshot(ctx)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict, `"helm"`, `"disabled"`, "linkerd.io/inject", "conflictPolicy")
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted, metav1.ConditionTrue, v1alpha1.ReasonFieldConflict)
		expectSame(ctx, before)
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("is taken over where the class says so, and given back exactly", func(ctx SpecContext) {
		before := snapshot(ctx)
		start := generation(ctx, traefikWorkload)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(skipPorts, HavePrefix("22,")), "their ports stay skipped")
		Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))
		Expect(latest(ctx, class).Status.Overridden).To(ConsistOf(
			And(HaveField("Path", ContainElement(inject)), HaveField("Value", `"disabled"`)),
			And(HaveField("Path", ContainElement(skipPorts)), HaveField("Value", `"22,8000"`)),
		))
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
		operator.Writes.Reset()
		settle(ctx, class)
		Expect(operator.Writes.Writes()).To(BeEmpty())

		removePods(ctx, traefikWorkload)
		forgetStatus(ctx, traefikWorkload)
		remove(ctx, class)
		Expect(generation(ctx, traefikWorkload)).To(Equal(start+2), "one rollout")
		expectSame(ctx, before)
	})

	It("is given back where the class no longer takes it", func(ctx SpecContext) {
		before := snapshot(ctx)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ConflictPolicy = v1alpha1.ConflictPolicyReport })
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "disabled", skipPorts: "22,8000"}))
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict, `"helm"`)
		Expect(latest(ctx, class).Status.Overridden).To(BeEmpty())
		remove(ctx, class)
		removePods(ctx, traefikWorkload)
		forgetStatus(ctx, traefikWorkload)
		expectSame(ctx, before)
	})

	It("is given back one by one", func(ctx SpecContext) {
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "22,8000"}))
		Expect(latest(ctx, class).Status.Overridden).To(HaveExactElements(HaveField("Path", ContainElement(inject))))
	})

	It("is not given back where somebody has set it since", func(ctx SpecContext) {
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		Expect(testEnv.Client.Delete(ctx, class)).To(Succeed())
		annotate(ctx, traefikWorkload, map[string]string{inject: "ingress"})
		settle(ctx, class)
		expect.ExpectNotFound(ctx, testEnv.Client, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "ingress", skipPorts: "22,8000"}))
	})

	It("is handed from class to class, and given back by the last", func(ctx SpecContext) {
		before := snapshot(ctx)
		first := newClass(ctx, "a-first", v1alpha1.VendorTraefik, overriding)
		settle(ctx, first)
		second := newClass(ctx, "b-second", v1alpha1.VendorTraefik, overriding)
		settle(ctx, second)
		generationOfBoth := generation(ctx, traefikWorkload)
		remove(ctx, first)
		settle(ctx, second)
		Expect(generation(ctx, traefikWorkload)).To(Equal(generationOfBoth))
		Expect(latest(ctx, second).Status.Overridden).To(HaveLen(2))
		remove(ctx, second)
		expectSame(ctx, before)
	})

	It("is given back where it has come to be enough", func(ctx SpecContext) {
		installTraefikByHelm(ctx, map[string]any{skipPorts: "8443,8000,9000,4567,4568"})
		before := asIfAlone(ctx, traefikWorkload)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		port := func(number int32) {
			edit(ctx, service("traefik", "traefik"), func(svc *corev1.Service) { svc.Spec.Ports[0].TargetPort = intstr.FromInt32(number) })
			settle(ctx, class)
			rollOut(ctx, traefikWorkload)
		}
		port(9001)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(skipPorts, "4567,4568,8000,8443,9000,9001"))

		port(9000)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(skipPorts, "8443,8000,9000,4567,4568"))
		Expect(latest(ctx, class).Status.Overridden).To(BeEmpty())
		remove(ctx, class)
		Expect(asIfAlone(ctx, traefikWorkload)).To(Equal(before))
	})

	It("is forgotten at once, by all classes, where somebody has removed it since", func(ctx SpecContext) {
		first := newClass(ctx, "a-first", v1alpha1.VendorTraefik, overriding)
		second := newClass(ctx, "b-second", v1alpha1.VendorTraefik, overriding)
		settle(ctx, first, second)
		rollOut(ctx, traefikWorkload)
		annotate(ctx, traefikWorkload, map[string]string{inject: "", skipPorts: ""})
		rollOut(ctx, traefikWorkload)
		start := generation(ctx, traefikWorkload)
		settle(ctx, first, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start+1), "one rollout")
		for _, class := range []*v1alpha1.MeshIngressClass{first, second} {
			Expect(latest(ctx, class).Status.Overridden).To(BeEmpty())
		}
	})

	It("is forgotten by a class that leaves, where somebody has removed it and another one sets it", func(ctx SpecContext) {
		forceByHelm(ctx, map[string]any{inject: "disabled"})
		first := newClass(ctx, "a-first", v1alpha1.VendorTraefik, overriding)
		second := newClass(ctx, "b-second", v1alpha1.VendorTraefik)
		settle(ctx, first, second)
		rollOut(ctx, traefikWorkload)
		annotate(ctx, traefikWorkload, map[string]string{inject: ""})
		rollOut(ctx, traefikWorkload)
		start := generation(ctx, traefikWorkload)
		change(ctx, first, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionAudit })
		settle(ctx, second, first, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start+1), "one rollout")
		remove(ctx, second)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).NotTo(HaveKey(inject))
	})

	It("is not held against a class once Helm has set what is needed", func(ctx SpecContext) {
		first := newClass(ctx, "a-first", v1alpha1.VendorTraefik)
		second := newClass(ctx, "b-second", v1alpha1.VendorTraefik, overriding)
		settle(ctx, first, second)
		forceByHelm(ctx, map[string]any{inject: "enabled"})
		rollOut(ctx, traefikWorkload)
		annotate(ctx, traefikWorkload, map[string]string{skipPorts: ""})
		rollOut(ctx, traefikWorkload)
		forceByHelm(ctx, map[string]any{inject: "enabled", skipPorts: "4567,4568,8000,8443"})
		start := generation(ctx, traefikWorkload)
		change(ctx, second, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionIgnore })
		settle(ctx, first, second, first)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start))
	})

	It("is given back alone where it has come to be what is needed", func(ctx SpecContext) {
		forceByHelm(ctx, map[string]any{inject: "enabled"})
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding, builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		annotate(ctx, traefikWorkload, map[string]string{skipPorts: ""})
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		ours := map[string]string{inject: "ingress", skipPorts: "4567,4568,8000,8443"}
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(ours))

		start := generation(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.Routing, c.Spec.DataPlane.ConflictPolicy = v1alpha1.RoutingClusterIP, v1alpha1.ConflictPolicyReport
		})
		settle(ctx, class)
		ours[inject] = "enabled"
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(ours))
		Expect(generation(ctx, traefikWorkload)).To(Equal(start+1), "one rollout")
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled"}))
	})

	It("is forgotten once Helm has set what is needed", func(ctx SpecContext) {
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		forceByHelm(ctx, map[string]any{inject: "enabled"})
		settle(ctx, class)
		Expect(latest(ctx, class).Status.Overridden).NotTo(ContainElement(HaveField("Path", ContainElement(inject))))
		forceByHelm(ctx, map[string]any{"team": "a"})
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).NotTo(HaveKey(inject), "Helm has dropped it")
	})

	// behind is a reconciler that sees the workload as it was.
	behind := func(old *unstructured.Unstructured) *dataplane.Reconciler {
		return dataplaneWith(func(
			ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, o ...client.GetOption,
		) error {
			if workload, ok := obj.(*appsv1.Deployment); ok && key.Name == old.GetName() {
				return runtime.DefaultUnstructuredConverter.FromUnstructured(old.Object, workload)
			}
			return c.Get(ctx, key, obj, o...)
		})
	}

	It("is given back as it was last, although an old cache shows what was before", func(ctx SpecContext) {
		forceByHelm(ctx, map[string]any{inject: "disabled", skipPorts: "21"})
		old := object(ctx, traefikWorkload)
		forceByHelm(ctx, map[string]any{inject: "disabled", skipPorts: "22"})
		before := asIfAlone(ctx, traefikWorkload)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		_, err := controllertest.Reconcile(ctx, behind(old), class)
		Expect(err).NotTo(HaveOccurred())
		settle(ctx, class)
		remove(ctx, class)
		Expect(asIfAlone(ctx, traefikWorkload)).To(Equal(before))
	})

	It("is given back where a class takes no more, although an old cache has not seen it taken", func(ctx SpecContext) {
		forceByHelm(ctx, map[string]any{inject: "disabled"})
		old := object(ctx, traefikWorkload)
		before := asIfAlone(ctx, traefikWorkload)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.ConflictPolicy = v1alpha1.ConflictPolicyReport })
		_, err := controllertest.Reconcile(ctx, behind(old), class)
		Expect(err).NotTo(HaveOccurred())
		settle(ctx, class)
		Expect(asIfAlone(ctx, traefikWorkload)).To(Equal(before))
	})

	It("is given back as Helm has it since", func(ctx SpecContext) {
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)

		By("a release of the chart sets another value")
		forceByHelm(ctx, map[string]any{inject: "disabled", skipPorts: "2222"})
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(skipPorts, And(HavePrefix("2222,"), HaveSuffix("8443"))))
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "disabled", skipPorts: "2222"}))
	})
})

var _ = Describe("A list of ports that somebody else has set", func() {
	It("is enough where it holds what is needed", func(ctx SpecContext) {
		installLinkerd(ctx)
		installTraefikByHelm(ctx, map[string]any{skipPorts: "22,4567,4568,8000-9000"})
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "22,4567,4568,8000-9000"}))
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted)
	})
})

var _ = Describe("A setting of the controller that somebody else has set otherwise", func() {
	It("is taken over where the class says so, and given back exactly", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
		edit(ctx, controllerSettings(), func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"proxy-set-headers": "theirs/headers"} })
		before := snapshot(ctx)
		class := newClass(ctx, "nginx", v1alpha1.VendorIngressNginx, builders.WithRouting(v1alpha1.RoutingHeader), withConfigMapRef(), overriding)
		settle(ctx, class)
		Expect(latest(ctx, controllerSettings()).Data).NotTo(HaveKeyWithValue("proxy-set-headers", "theirs/headers"))
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(inject, "ingress"))
		remove(ctx, class)
		expectSame(ctx, before)
	})
})
