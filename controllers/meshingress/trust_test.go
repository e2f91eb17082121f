// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

// What the operator does not know of the mesh, or lacks, takes the identity from no pod.
var _ = Describe("Authorization that is enforced goes on", func() {
	v := ingressNginx()
	var class *v1alpha1.MeshIngressClass
	var mi *v1alpha1.MeshIngress

	BeforeEach(func(ctx SpecContext) {
		svc := expect.ExpectExists(ctx, user, builders.Service(namespace, "web-svc"))
		svc.Spec.Selector = map[string]string{"app": "web-svc"}
		svc.Spec.Ports[0].TargetPort = intstr.FromString("http")
		Expect(user.Update(ctx, svc)).To(Succeed())
		class = createClass(ctx, v)
		runsAs(ctx, class, v, "nginx")
		hasPods(ctx, class, 2, 2)
		mi, _ = settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
		Expect(serverAccess(ctx)).To(ConsistOf("deny"))
	})

	authorized := func(ctx SpecContext, status metav1.ConditionStatus, reason, says string) {
		GinkgoHelper()
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAuthorized, status, reason)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAuthorized, says)
	}

	It("where Linkerd's configuration makes no sense, and is begun by nobody", func(ctx SpecContext) {
		setLinkerdConfig(ctx, "clusterDomain: [")
		settle(ctx, mi)
		authorized(ctx, metav1.ConditionUnknown, v1alpha1.ReasonPending, "stays")
		other := web(class, withSpecRule("other.example.com", "/", "web-svc", 80), guardedBy(v1alpha1.AuthorizationEnforce))
		other.Name = "other"
		settle(ctx, create(ctx, other))
		Expect(serverAccess(ctx)).To(ConsistOf("deny"))
		Expect(routeObjects(ctx)).To(HaveLen(1))
	})

	DescribeTable("where it is not known whether the class is in the mesh", func(ctx SpecContext, reason string) {
		setMeshed(ctx, class, v, metav1.ConditionUnknown, reason, "cannot be told")
		settle(ctx, mi)
		authorized(ctx, metav1.ConditionUnknown, v1alpha1.ReasonPending, reason)
		Expect(serverAccess(ctx)).To(ConsistOf("deny"))
	},
		Entry("because of Linkerd's configuration", v1alpha1.ReasonLinkerdUnreadable),
		Entry("because of a read that is refused", v1alpha1.ReasonForbidden),
		Entry("because it has not been looked at", v1alpha1.ReasonPending),
	)

	DescribeTable("as long as every pod is in the mesh", func(ctx SpecContext, reason string) {
		setMeshed(ctx, class, v, metav1.ConditionFalse, reason, "the operator cannot keep it so")
		settle(ctx, mi)
		authorized(ctx, metav1.ConditionFalse, v1alpha1.ReasonNotMeshed, "what is in place stays")
		Expect(serverAccess(ctx)).To(ConsistOf("deny"))

		hasPods(ctx, class, 2, 1)
		settle(ctx, mi)
		authorized(ctx, metav1.ConditionFalse, v1alpha1.ReasonNotMeshed, "deny nobody")
		Expect(serverAccess(ctx)).To(ConsistOf("audit"))
	},
		Entry("although a write is refused", v1alpha1.ReasonForbidden),
		Entry("although a write fails", v1alpha1.ReasonApplyFailed),
		Entry("although Linkerd's configuration has gone", v1alpha1.ReasonLinkerdNotFound),
	)

	It("not where somebody is about to take the pods out", func(ctx SpecContext) {
		setMeshed(ctx, class, v, metav1.ConditionFalse, v1alpha1.ReasonFieldConflict, "somebody has set linkerd.io/inject")
		settle(ctx, mi)
		Expect(serverAccess(ctx)).To(ConsistOf("audit"))
	})
})
