// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/inbound"
)

var _ = Describe("Who may call a backend", func() {
	v := ingressNginx()
	nginx, renamed, nobody := inbound.Client{Identity: "ingress/nginx"}, inbound.Client{Identity: "ingress/renamed"}, inbound.Client{}
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		selecting(ctx, func(svc *corev1.Service) { svc.Spec.Ports[0].TargetPort = intstr.FromString("http") }, "web-svc")
		class = createClass(ctx, v)
		runsAs(ctx, class, v, "nginx")
		hasPods(ctx, class, 2, 2)
	})
	hasAlso := func(ctx context.Context, unmeshed int32, former ...string) {
		GinkgoHelper()
		current := expect.ExpectExists(ctx, user, class)
		current.Status.Workloads[0].UnmeshedPods, current.Status.Workloads[0].FormerServiceAccountNames = unmeshed, former
		Expect(user.Status().Update(ctx, current)).To(Succeed())
	}

	It("includes who a rollout brings, also where the port would be refused now", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
		backendPod(ctx, "web-svc", map[string]string{linkerd.SkipInboundPortsAnnotation: "8080"})
		runsAs(ctx, class, v, "renamed")
		setMeshed(ctx, class, v, metav1.ConditionFalse, v1alpha1.ReasonRolloutInProgress, "1/2 pods are meshed")
		settle(ctx, mi)
		Expect(mayCall(ctx, "web-svc", renamed)).To(BeTrue())
		Expect(mayCall(ctx, "web-svc", nginx)).To(BeTrue())
	})

	It("is everybody's again where the routes go to a Service that cannot be guarded", func(ctx SpecContext) {
		backendPod(ctx, "web-svc", nil)
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
		Expect(mayCall(ctx, "web-svc", nobody)).To(BeFalse())
		selecting(ctx, func(svc *corev1.Service) { svc.Spec.Selector = nil }, "emoji-svc")
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { withSpecRule("example.com", "/", "emoji-svc", 8080)(mi) })
		settle(ctx, mi)
		settle(ctx, mi)
		Expect(mayCall(ctx, "web-svc", nobody)).To(BeTrue())
	})

	It("includes pods of a former ServiceAccount as long as there are any", func(ctx SpecContext) {
		backendPod(ctx, "web-svc", nil)
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
		runsAs(ctx, class, v, "renamed")
		hasAlso(ctx, 0, "nginx")
		settle(ctx, mi)
		Expect(mayCall(ctx, "web-svc", nginx)).To(BeTrue(), "its pods are on their way out")
		Expect(mayCall(ctx, "web-svc", renamed)).To(BeTrue())
		hasAlso(ctx, 0)
		settle(ctx, mi)
		Expect(mayCall(ctx, "web-svc", nginx)).To(BeFalse())
		Expect(mayCall(ctx, "web-svc", renamed)).To(BeTrue())
	})

	It("includes a new ServiceAccount although the MeshIngress is not accepted", func(ctx SpecContext) {
		backendPod(ctx, "web-svc", nil)
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) {
			withSpecRule("example.com", "/", "nothing", 80)(mi)
			guardedBy(v1alpha1.AuthorizationEnforce, v1alpha1.AuthorizedClient{Network: "10.0.0.1/99"})(mi)
		})
		runsAs(ctx, class, v, "renamed")
		mi, _ = settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAuthorized, metav1.ConditionUnknown, v1alpha1.ReasonPending)
		Expect(routeObjects(ctx)).NotTo(BeEmpty())
		Expect(mayCall(ctx, "web-svc", nginx)).To(BeTrue())
		Expect(mayCall(ctx, "web-svc", renamed)).To(BeTrue())
		Expect(mayCall(ctx, "web-svc", nobody)).To(BeFalse())
	})

	DescribeTable("includes everybody while a pod of the controller has no proxy", func(ctx SpecContext, status metav1.ConditionStatus, reason string) {
		backendPod(ctx, "web-svc", nil)
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
		setMeshed(ctx, class, v, status, reason, "says the class")
		settle(ctx, mi)
		Expect(mayCall(ctx, "web-svc", nobody)).To(BeFalse())
		hasAlso(ctx, 1)
		mi, _ = settle(ctx, mi)
		Expect(mayCall(ctx, "web-svc", nobody)).To(BeTrue())
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAuthorized, metav1.ConditionFalse, v1alpha1.ReasonNotMeshed)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAuthorized, class.Name, "have no proxy")
	},
		Entry("a surplus one, and a write is refused", metav1.ConditionFalse, v1alpha1.ReasonForbidden),
		Entry("of another template, which a rollout takes away", metav1.ConditionFalse, v1alpha1.ReasonRolloutInProgress),
		Entry("on its way out", metav1.ConditionTrue, v1alpha1.ReasonMeshed),
	)

	It("is nobody more than without an Audit, nor while the data plane is out of the mesh", func(ctx SpecContext) {
		backendPod(ctx, "web-svc", map[string]string{linkerd.DefaultInboundPolicyAnnotation: linkerd.PolicyAllAuthenticated})
		other := inbound.Client{Identity: "jobs/vote"}
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationAudit))))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAuthorized, metav1.ConditionTrue, v1alpha1.ReasonAuthorized)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAuthorized, linkerd.DefaultInboundPolicyAnnotation)
		Expect(mayCall(ctx, "web-svc", nobody)).To(BeFalse())
		Expect(mayCall(ctx, "web-svc", other)).To(BeTrue())

		change(ctx, mi, guardedBy(v1alpha1.AuthorizationEnforce))
		settle(ctx, mi)
		Expect(mayCall(ctx, "web-svc", other)).To(BeFalse())
		setMeshed(ctx, class, v, metav1.ConditionFalse, v1alpha1.ReasonNotInjected, "1/2 pods are meshed")
		settle(ctx, mi)
		Expect(mayCall(ctx, "web-svc", nobody)).To(BeFalse())
		Expect(mayCall(ctx, "web-svc", other)).To(BeTrue())
	})

	It("is nobody's affair any more once the MeshIngress has gone, though its routes stay", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce), builders.WithDeletionPolicy(v1alpha1.DeletionOrphan))))
		Expect(serverAccess(ctx)).To(ConsistOf("deny"))
		remove(ctx, mi)
		Expect(routeObjects(ctx)).NotTo(BeEmpty())
		Expect(allPolicies(ctx)).To(BeEmpty(), "nobody would admit another ServiceAccount of the controller")
	})
})
