// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

// The cache holds the status of before, which says what is true again.
var _ = Describe("What comes and goes before the operator has seen its own status", func() {
	var op *operator.Operator

	BeforeEach(func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd)
		op = start(ctx)
	})

	It("does not stay in the status of a MeshIngress", func(ctx SpecContext) {
		namespace := createNamespace(ctx, "emojivoto-", nil)
		class := contour().class()
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, class, mi)
		isProgrammed(ctx, mi)
		rests(ctx, op)

		release := op.Watches.Hold(meshIngressPath)
		DeferCleanup(release)
		expect.ExpectDeleted(ctx, user, builders.Service(namespace, "web-svc"))
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "False InvalidBackend")
		create(ctx, builders.Service(namespace, "web-svc", builders.ServicePort("http", 80)))
		rests(ctx, op)
		release()
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "True ResolvedRefs")
		isProgrammed(ctx, mi)
	})

	It("does not stay in the status of a MeshIngressClass", func(ctx SpecContext) {
		class := traefik().class(builders.WithInjection(v1alpha1.InjectionAudit))
		expect.ExpectApplied(ctx, user, class)
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "False WorkloadNotFound")
		rests(ctx, op)

		release := op.Watches.Hold(meshIngressClassPath)
		DeferCleanup(release)
		install(ctx, fixtures.Traefik)
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "True Discovered")
		expect.ExpectDeleted(ctx, user, traefikDeployment())
		rests(ctx, op)
		release()
		becomes(ctx, class, v1alpha1.ConditionDiscovered, "False WorkloadNotFound")
	})
})
