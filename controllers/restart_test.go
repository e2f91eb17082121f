// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("An operator that was down", func() {
	var (
		op        *operator.Operator
		namespace string
		class     *v1alpha1.MeshIngressClass
	)

	BeforeEach(func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		namespace = createNamespace(ctx, "emojivoto-", nil)
		op = start(ctx)
		class = traefik().class()
		expect.ExpectApplied(ctx, user, class)
		eventually(ctx, linkerdAnnotations, traefikDeployment()).ShouldNot(BeEmpty())
	})

	It("catches up with what was changed, deleted and made", func(ctx SpecContext) {
		changed, deleted, tampered := web(namespace, class), web(namespace, class), web(namespace, class)
		for name, mi := range map[string]*v1alpha1.MeshIngress{"changed": changed, "deleted": deleted, "tampered": tampered} {
			mi.Name, mi.Spec.Rules[0].Host = name, name+".example.com"
			expect.ExpectApplied(ctx, user, mi)
			isProgrammed(ctx, mi)
		}
		before, err := route(ctx, tampered, "IngressRoute")
		Expect(err).NotTo(HaveOccurred())
		rests(ctx, op)
		Expect(op.Stop()).To(Succeed())

		change(ctx, changed, func(mi *v1alpha1.MeshIngress) {
			builders.WithTLS("certificate", "changed.example.com")(mi)
		})
		expect.ExpectDeleted(ctx, user, deleted)
		expect.ExpectDeleted(ctx, user, before)
		patch(ctx, traefikDeployment(), fmt.Sprintf(
			`{"spec":{"template":{"metadata":{"annotations":{%q:null}}}}}`, linkerd.InjectAnnotation))
		late := builders.MeshIngress("late", namespace, builders.WithClass(class.Name),
			builders.WithRule("late.example.com", "/", "web-svc", 80))
		expect.ExpectApplied(ctx, user, late)

		op = start(ctx)
		isProgrammed(ctx, late)
		isGone(ctx, deleted)
		eventually(ctx, generatedNames, changed).Should(ConsistOf(
			HavePrefix("ingressroutes.traefik.io " + namespace + "/changed-" + class.Name + "-tls-certificate-")))
		eventually(ctx, generatedNames, tampered).Should(ConsistOf(
			HavePrefix("ingressroutes.traefik.io " + namespace + "/tampered-")))
		Expect(generatedNames(ctx, deleted)).To(BeEmpty())
		eventually(ctx, linkerdAnnotations, traefikDeployment()).Should(HaveKey(linkerd.InjectAnnotation))
	})

	It("releases the workload of a class that was deleted", func(ctx SpecContext) {
		rests(ctx, op)
		Expect(op.Stop()).To(Succeed())
		expect.ExpectDeleted(ctx, user, class)
		Expect(linkerdAnnotations(ctx, traefikDeployment())).NotTo(BeEmpty())
		op = start(ctx)
		isGone(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikDeployment())).To(BeEmpty())
	})

	It("moves what it wrote when the class has changed its mind", func(ctx SpecContext) {
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, mi)
		isProgrammed(ctx, mi)
		rests(ctx, op)
		Expect(op.Stop()).To(Succeed())
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		op = start(ctx)
		eventually(ctx, linkerdAnnotations, traefikDeployment()).
			Should(HaveKeyWithValue(linkerd.InjectAnnotation, linkerd.InjectIngress))
		eventually(ctx, generatedNames, mi).Should(ConsistOf(
			HavePrefix("ingressroutes.traefik.io "), HavePrefix("middlewares.traefik.io ")))
		isProgrammed(ctx, mi)
	})
})
