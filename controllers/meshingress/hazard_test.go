// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("A backend with sticky sessions", func() {
	forEachVendor("is a hazard, told once with its remedy, and no obstacle", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		isMeshed(ctx, class, v)
		svc := expect.ExpectExists(ctx, user, webService())
		svc.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
		Expect(user.Update(ctx, svc)).To(Succeed())

		mi, _ := settle(ctx, create(ctx, web(class)))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionHazard, metav1.ConditionTrue, v1alpha1.ReasonStickySessions)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionHazard, "web-svc", "sessionAffinity", "remove")
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		Expect(operator.Events.Events()).To(ContainElement(HavePrefix("Warning StickySessions: ")))
		told := len(operator.Events.Events())
		reconcileOnce(ctx, mi)
		Expect(operator.Events.Events()).To(HaveLen(told))

		svc.Spec.SessionAffinity = corev1.ServiceAffinityNone
		Expect(user.Update(ctx, svc)).To(Succeed())
		mi, _ = settle(ctx, mi)
		expect.ExpectNoCondition(ctx, user, mi, v1alpha1.ConditionHazard)
	})

	It("is found by the vendor's annotation", func(ctx SpecContext) {
		v := vendorCase{vendor: v1alpha1.VendorHAProxyIngress, routing: v1alpha1.RoutingAuto}
		svc := expect.ExpectExists(ctx, user, webService())
		svc.Annotations = map[string]string{"haproxy-ingress.github.io/affinity": "cookie"}
		Expect(user.Update(ctx, svc)).To(Succeed())
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionHazard, "haproxy-ingress.github.io/affinity")
	})
})
