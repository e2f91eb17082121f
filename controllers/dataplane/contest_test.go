// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// annotateAs applies annotations of a pod template, forced, as a GitOps tool does.
func annotateAs(ctx SpecContext, manager string, ref v1alpha1.WorkloadReference, annotations map[string]any) {
	GinkgoHelper()
	o := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": ref.Kind,
		"metadata": map[string]any{"namespace": ref.Namespace, "name": ref.Name},
		"spec":     map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": annotations}}},
	}}
	body := client.ApplyConfigurationFromUnstructured(o)
	Expect(testEnv.Client.Apply(ctx, body, client.FieldOwner(manager), client.ForceOwnership)).To(Succeed())
}

var _ = Describe("A field that is taken over and that a GitOps tool sets back", func() {
	var class *v1alpha1.MeshIngressClass

	setBack := func(ctx SpecContext) {
		GinkgoHelper()
		annotateAs(ctx, "argocd-controller", traefikWorkload, map[string]any{inject: "disabled", skipPorts: "22"})
		rollOut(ctx, traefikWorkload)
	}
	ours := HaveKeyWithValue(inject, "enabled")
	expectContested := func(ctx SpecContext) {
		GinkgoHelper()
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "disabled", skipPorts: "22"}))
		expectUnmeshed(ctx, class, v1alpha1.ReasonContested, "linkerd.io/inject", `"argocd-controller"`, "conflictPolicy to Report")
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted, metav1.ConditionTrue, v1alpha1.ReasonContested)
	}

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		setBack(ctx)
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
	})

	// contested is the state where it was taken again just now, and set back.
	contested := func(ctx SpecContext) {
		GinkgoHelper()
		setBack(ctx)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(ours, "the first time may have been an accident")
		setBack(ctx)
		settle(ctx, class)
		expectContested(ctx)
	}

	It("is taken again at most once in ten minutes", func(ctx SpecContext) {
		taken := 0
		for range 60 {
			setBack(ctx)
			settle(ctx, class)
			if linkerdAnnotations(ctx, traefikWorkload)[inject] == "enabled" {
				taken++
			} else {
				expectContested(ctx)
			}
			pass(time.Minute)
		}
		Expect(taken).To(Equal(6))
	})

	It("is left as it is meanwhile, whoever looks, and without a write", func(ctx SpecContext) {
		contested(ctx)
		operator.Writes.Reset()
		pass(9 * time.Minute)
		reconciler = operator.DataPlane() // the manager is a new one
		Expect(settle(ctx, class).RequeueAfter).To(Equal(time.Minute))
		expectContested(ctx)
		Expect(operator.Writes.Writes()).To(BeEmpty())

		By("the ten minutes are over")
		pass(time.Minute)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(ours)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
	})

	It("is left as it is by each of several classes", func(ctx SpecContext) {
		contested(ctx)
		second := newClass(ctx, "second", v1alpha1.VendorTraefik, overriding)
		settle(ctx, second, class, second)
		expectContested(ctx)
		expectUnmeshed(ctx, second, v1alpha1.ReasonContested)

		By("either of them may take it again, and then neither, however soon it is set back")
		pass(10 * time.Minute)
		_, err := reconcileOnce(ctx, second)
		Expect(err).NotTo(HaveOccurred())
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(ours)
		setBack(ctx)
		settle(ctx, class, second, class)
		expectContested(ctx)
	})

	It("does not wait where it keeps pods in ingress mode, which let clients choose the Service", func(ctx SpecContext) {
		relays := func() {
			annotateAs(ctx, "argocd-controller", traefikWorkload, map[string]any{inject: "ingress", skipPorts: "22"})
			rollOut(ctx, traefikWorkload)
			settle(ctx, class)
			Expect(linkerdAnnotations(ctx, traefikWorkload)).To(ours)
		}
		relays()
		relays()
	})

	It("is given back as it is in the middle of it", func(ctx SpecContext) {
		contested(ctx)
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "disabled", skipPorts: "22"}))
	})

	It("is given back exactly after it", func(ctx SpecContext) {
		contested(ctx)
		pass(10 * time.Minute)
		settle(ctx, class)
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "disabled", skipPorts: "22"}))
		before := snapshot(ctx)

		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik, overriding)
		settle(ctx, class)
		annotateAs(ctx, "argocd-controller", traefikWorkload, map[string]any{inject: "disabled", skipPorts: "22"})
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("waits for nothing where only the class has changed its mind", func(ctx SpecContext) {
		contested(ctx)
		pass(10 * time.Minute)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)

		By("a tool that gives in, and has the same value now")
		annotateAs(ctx, "argocd-controller", traefikWorkload, map[string]any{inject: "enabled"})
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"))
	})
})
