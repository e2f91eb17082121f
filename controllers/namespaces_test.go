// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

// The operator has the roles of config/overlays/namespaced: what it does outside of its
// namespaces, the API server refuses.
var _ = Describe("An operator that works in some namespaces", func() {
	var team, other string

	// startIn starts it in Traefik's namespace and others.
	startIn := func(ctx context.Context, namespaces ...string) *operator.Operator {
		GinkgoHelper()
		namespaces = append(namespaces, "traefik")
		op, err := operator.StartLimited(ctx, testEnv, namespaces...)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(testEnv.RemoveLimitedRBAC(ctx, namespaces...)).To(Succeed()) })
		DeferCleanup(op.Stop)
		return op
	}

	BeforeEach(func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		team, other = createNamespace(ctx, "team-", nil), createNamespace(ctx, "other-", nil)
	})

	It("enters ingress mode, having asked for the routes in its namespaces only", func(ctx SpecContext) {
		startIn(ctx, team)
		DeferCleanup(releaseAll)
		class := traefik().class(builders.WithRouting(v1alpha1.RoutingHeader))
		expect.ExpectApplied(ctx, user, class)
		eventually(ctx, linkerdAnnotations, traefikDeployment()).
			Should(HaveKeyWithValue(linkerd.InjectAnnotation, linkerd.InjectIngress))
	})

	It("does there what it does elsewhere, and leaves the rest alone", func(ctx SpecContext) {
		op := startIn(ctx, team)
		DeferCleanup(releaseAll)
		class := traefik().class()
		mi, foreign := web(team, class), web(other, class)
		expect.ExpectApplied(ctx, user, class, mi, foreign)

		isProgrammed(ctx, mi)
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "True Discovered")
		eventually(ctx, linkerdAnnotations, traefikDeployment()).
			Should(HaveKeyWithValue(linkerd.InjectAnnotation, linkerd.InjectEnabled))
		Expect(may(ctx, "list", "", "services", other, "")).To(BeFalse())
		rests(ctx, op)
		foreign, err := read(ctx, foreign)
		Expect(err).NotTo(HaveOccurred())
		Expect(foreign.Finalizers).To(BeEmpty())
		Expect(foreign.Status.Conditions).To(BeEmpty())

		By("putting right what somebody changes")
		made, err := route(ctx, mi, "IngressRoute")
		Expect(err).NotTo(HaveOccurred())
		expect.ExpectDeleted(ctx, user, made)
		eventually(ctx, generatedNames, mi).Should(ConsistOf(oursIn("ingressroutes.traefik.io", team)))
	})

	It("says so where a backend is elsewhere", func(ctx SpecContext) {
		startIn(ctx, team)
		DeferCleanup(releaseAll)
		class := ingressNginx().class()
		mi := web(team, class, builders.WithExternalAuth(other, "web-svc", 80, "/verify"))
		expect.ExpectApplied(ctx, user, class, mi)
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "False InvalidBackend")
		says(ctx, mi, v1alpha1.ConditionResolvedRefs, "does not watch namespace "+other)
	})

	It("says so where a class names a workload or a Service elsewhere", func(ctx SpecContext) {
		startIn(ctx, team)
		DeferCleanup(releaseAll)
		class := traefik().class(builders.WithWorkload("Deployment", other, "traefik"))
		expect.ExpectApplied(ctx, user, class)
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "False WorkloadNotFound")
		says(ctx, class, v1alpha1.ConditionDiscovered, "does not watch namespace "+other)

		change(ctx, class, func(class *v1alpha1.MeshIngressClass) {
			class.Spec.DataPlane.Workloads = nil
			class.Spec.DataPlane.ServiceRef = &v1alpha1.ObjectKey{Namespace: other, Name: "traefik"}
		})
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "False ServiceNotFound")
		says(ctx, class, v1alpha1.ConditionDiscovered, "does not watch namespace "+other)
	})

	It("says in which namespaces it found no workload", func(ctx SpecContext) {
		startIn(ctx, team)
		DeferCleanup(releaseAll)
		class := contour().class()
		expect.ExpectApplied(ctx, user, class)
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "False WorkloadNotFound")
		says(ctx, class, v1alpha1.ConditionDiscovered, team+",traefik")
	})

	It("keeps a class whose workload it no longer reaches, until it does again", func(ctx SpecContext) {
		all := start(ctx)
		class := traefik().class()
		expect.ExpectApplied(ctx, user, class)
		eventually(ctx, linkerdAnnotations, traefikDeployment()).ShouldNot(BeEmpty())
		rests(ctx, all)
		Expect(all.Stop()).To(Succeed())

		limited, err := operator.StartLimited(ctx, testEnv, team)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(limited.Stop)
		expect.ExpectDeleted(ctx, user, class)
		becomes(ctx, class, v1alpha1.ConditionReady, "False Releasing")
		says(ctx, class, v1alpha1.ConditionReady, "deployments", `in the namespace "traefik"`)
		rests(ctx, limited)
		limited.Counter.Reset()
		consistently(ctx, limited.Counter.Requests).Should(Satisfy(func(requests map[string]int) bool { return total(requests) <= calm }))

		Expect(limited.Stop()).To(Succeed())
		Expect(testEnv.RemoveLimitedRBAC(ctx, team)).To(Succeed())
		start(ctx)
		isGone(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikDeployment())).To(BeEmpty())
	})

	It("goes on where the CRDs of a vendor leave and come back", func(ctx SpecContext) {
		DeferCleanup(func(ctx SpecContext) { Expect(testEnv.InstallCRDs(ctx, crds.Traefik)).To(Succeed()) })
		startIn(ctx, team)
		DeferCleanup(releaseAll)
		class := traefik().class()
		mi := web(team, class)
		expect.ExpectApplied(ctx, user, class, mi)
		isProgrammed(ctx, mi)

		Expect(testEnv.RemoveCRDs(ctx, crds.Traefik)).To(Succeed())
		becomes(ctx, mi, v1alpha1.ConditionAccepted, "False VendorNotServed")
		Expect(testEnv.InstallCRDs(ctx, crds.Traefik)).To(Succeed())
		isProgrammed(ctx, mi)
		eventually(ctx, generatedNames, mi).Should(ConsistOf(oursIn("ingressroutes.traefik.io", team)))
	})

	It("works in the others where one does not exist, and there too once it does", func(ctx SpecContext) {
		const late = "team-that-is-late"
		startIn(ctx, team, late)
		DeferCleanup(releaseAll)
		class := traefik().class()
		early := web(team, class)
		expect.ExpectApplied(ctx, user, class, early)
		isProgrammed(ctx, early)

		By("which without a role there stops all work")
		create(ctx, builders.Namespace(late))
		create(ctx, builders.Service(late, "web-svc", builders.ServicePort("http", 80)))
		permit := func(ctx SpecContext) { Expect(testEnv.InstallLimitedRBAC(ctx, team, "traefik", late)).To(Succeed()) }
		DeferCleanup(permit)
		becomes(ctx, early, v1alpha1.ConditionProgrammed, "False Forbidden")
		// Which role the message names depends on what is refused first.
		says(ctx, early, v1alpha1.ConditionProgrammed, `in the namespace "`+late+`"`, "the role meshingress-")

		permit(ctx)
		mi := web(late, class)
		mi.Spec.Rules[0].Host = "late.example.com"
		expect.ExpectApplied(ctx, user, mi)
		isProgrammed(ctx, mi)
		isProgrammed(ctx, early)
	})

	It("does not take a list with a hole for all namespaces", func() {
		_, err := controllers.ParseNamespaces("team-a,,team-b")
		Expect(err).To(HaveOccurred())
	})
})
