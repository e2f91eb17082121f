// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/meshingress"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("Authorization", func() {
	v := ingressNginx()
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		for _, name := range []string{"web-svc", "emoji-svc"} {
			svc := expect.ExpectExists(ctx, user, builders.Service(namespace, name))
			svc.Spec.Selector = map[string]string{"app": name}
			svc.Spec.Ports[0].TargetPort = intstr.FromString("http")
			Expect(user.Update(ctx, svc)).To(Succeed())
		}
		class = createClass(ctx, v)
		runsAs(ctx, class, v, "nginx")
	})

	authorized := func(ctx context.Context, mi *v1alpha1.MeshIngress, status metav1.ConditionStatus, reason string, says ...string) {
		GinkgoHelper()
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAuthorized, status, reason)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionAuthorized, says...)
	}
	guarded := func(ctx context.Context, mi *v1alpha1.MeshIngress, access string) {
		GinkgoHelper()
		authorized(ctx, mi, metav1.ConditionTrue, v1alpha1.ReasonAuthorized)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(serverAccess(ctx)).To(ConsistOf(access))
	}

	It("is written as asked for, changed in place, and taken back", func(ctx SpecContext) {
		before, err := testEnv.Snapshot(ctx)
		Expect(err).NotTo(HaveOccurred())

		By("auditing")
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationAudit))))
		guarded(ctx, mi, "audit")
		Expect(identities(ctx)).To(ConsistOf("ingress/nginx"))
		server := policyObjects(ctx, authorization.KindServer)[0]
		Expect(specOf(&server)).To(HaveKeyWithValue("port", "http"))
		Expect(specOf(&server)).To(HaveKeyWithValue("podSelector", map[string]any{"matchLabels": map[string]any{"app": "web-svc"}}))

		By("enforcing")
		change(ctx, mi, guardedBy(v1alpha1.AuthorizationEnforce))
		mi, _ = settle(ctx, mi)
		guarded(ctx, mi, "deny")
		Expect(policyObjects(ctx, authorization.KindServer)[0].GetUID()).To(Equal(server.GetUID()))

		By("admitting others")
		change(ctx, mi, guardedBy(v1alpha1.AuthorizationEnforce,
			v1alpha1.AuthorizedClient{ServiceAccount: &v1alpha1.ObjectKey{Namespace: "jobs", Name: "vote"}},
			v1alpha1.AuthorizedClient{Network: "10.0.0.0/8"}))
		mi, _ = settle(ctx, mi)
		guarded(ctx, mi, "deny")
		Expect(identities(ctx)).To(ConsistOf("ingress/nginx", "jobs/vote"))
		Expect(policyObjects(ctx, authorization.KindAuthorizationPolicy)).To(HaveLen(2))
		Expect(policyObjects(ctx, authorization.KindNetworkAuthentication)).To(HaveLen(1))
		Expect(recordedKinds(mi)).To(Equal([]string{
			"NetworkAuthentication", "MeshTLSAuthentication", "AuthorizationPolicy", "AuthorizationPolicy", "Server", "Ingress",
		}))

		By("doing nothing more")
		operator.Writes.Reset()
		reconcileOnce(ctx, mi)
		Expect(operator.Writes.Writes()).To(BeEmpty())

		By("moving to another backend")
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { withSpecRule("example.com", "/", "emoji-svc", 8080)(mi) })
		mi, _ = settle(ctx, mi)
		guarded(ctx, mi, "deny")
		Expect(policyObjects(ctx, authorization.KindServer)[0].GetUID()).NotTo(Equal(server.GetUID()))

		By("being left out of the spec")
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.Authorization = nil })
		mi, _ = settle(ctx, mi)
		expect.ExpectNoCondition(ctx, user, mi, v1alpha1.ConditionAuthorized)
		Expect(allPolicies(ctx)).To(BeEmpty())

		By("going with its MeshIngress")
		change(ctx, mi, guardedBy(v1alpha1.AuthorizationEnforce))
		mi, _ = settle(ctx, mi)
		remove(ctx, mi)
		after, err := testEnv.Snapshot(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(env.Diff(before, after)).To(BeEmpty())
	})

	It("admits before it denies, and lets go before it stops admitting", func(ctx SpecContext) {
		mi := create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce)))
		var seen []string
		for range 10 {
			reconcileOnce(ctx, mi)
			access := serverAccess(ctx)
			if len(access) > 0 && (len(seen) == 0 || seen[len(seen)-1] != access[0]) {
				seen = append(seen, access[0])
			}
		}
		Expect(seen).To(Equal([]string{"audit", "deny"}))
		Expect(recordedKinds(expect.ExpectExists(ctx, user, mi))).To(Equal([]string{
			"MeshTLSAuthentication", "AuthorizationPolicy", "Server", "Ingress",
		}))
		expect.ExpectDeleted(ctx, user, mi)
		operator.Writes.Reset()
		reconcileOnce(ctx, mi)
		Expect(operator.Writes.Writes()).To(HaveExactElements(
			ContainSubstring("/ingresses/"), ContainSubstring("/servers/"), ContainSubstring("/authorizationpolicies/"),
			ContainSubstring("/meshtlsauthentications/"), ContainSubstring("/meshingresses/")))
	})

	It("is put right where somebody changes it", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
		server := policyObjects(ctx, authorization.KindServer)[0]
		specOf(&server)["accessPolicy"] = "all-unauthenticated"
		Expect(user.Update(ctx, &server)).To(Succeed())
		authentication := policyObjects(ctx, authorization.KindMeshTLSAuthentication)[0]
		specOf(&authentication)["identityRefs"] = []any{map[string]any{"kind": "Namespace", "name": "evil"}}
		Expect(user.Update(ctx, &authentication)).To(Succeed())
		policy := policyObjects(ctx, authorization.KindAuthorizationPolicy)[0]
		Expect(user.Delete(ctx, &policy)).To(Succeed())
		Expect(meshingress.OfObject(reconciler, ctx, &policy)).To(ConsistOf(HaveField("Name", mi.Name)))

		mi, _ = settle(ctx, mi)
		guarded(ctx, mi, "deny")
		Expect(identities(ctx)).To(ConsistOf("ingress/nginx"))
		Expect(policyObjects(ctx, authorization.KindAuthorizationPolicy)).To(HaveLen(1))
		Expect(operator.Metric("meshingress_drift_corrections_total", "AuthorizationPolicy")).To(Equal(1.0))
	})

	Describe("of a data plane that is not in the mesh", func() {
		lose := func(ctx context.Context, reason string) {
			GinkgoHelper()
			setMeshed(ctx, class, v, metav1.ConditionFalse, reason, "0/2 pods are meshed")
		}

		It("is not begun", func(ctx SpecContext) {
			for _, reason := range []string{
				v1alpha1.ReasonDataPlaneOutsideCluster, v1alpha1.ReasonNotInjected, v1alpha1.ReasonRolloutInProgress,
			} {
				lose(ctx, reason)
				mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
				authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonNotMeshed, class.Name, reason)
				expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
				Expect(allPolicies(ctx)).To(BeEmpty())
				remove(ctx, mi)
			}
		})

		It("denies nobody any more, and does again", func(ctx SpecContext) {
			mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
			guarded(ctx, mi, "deny")
			lose(ctx, v1alpha1.ReasonNotInjected)
			mi, _ = settle(ctx, mi)
			authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonNotMeshed, "deny nobody")
			Expect(serverAccess(ctx)).To(ConsistOf("audit"))
			operator.Writes.Reset()
			reconcileOnce(ctx, mi)
			Expect(operator.Writes.Writes()).To(BeEmpty())

			isMeshed(ctx, class, v)
			mi, _ = settle(ctx, mi)
			guarded(ctx, mi, "deny")
		})

		It("denies nobody where the class has gone, or the routes are refused", func(ctx SpecContext) {
			mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
			change(ctx, mi, func(mi *v1alpha1.MeshIngress) {
				mi.Spec.Rules[0].Paths[0].Backends[0].Service.Name = "nothing"
			})
			mi, _ = settle(ctx, mi)
			authorized(ctx, mi, metav1.ConditionUnknown, v1alpha1.ReasonPending)
			Expect(serverAccess(ctx)).To(ConsistOf("deny"))

			Expect(user.Delete(ctx, class)).To(Succeed())
			mi, _ = settle(ctx, mi)
			authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonNotMeshed, "no MeshIngressClass")
			Expect(serverAccess(ctx)).To(ConsistOf("audit"))
			remove(ctx, mi)
			Expect(allPolicies(ctx)).To(BeEmpty())
		})

		It("goes on through a rollout, and admits the pods of both templates", func(ctx SpecContext) {
			mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
			runsAs(ctx, class, v, "renamed")
			lose(ctx, v1alpha1.ReasonRolloutInProgress)
			mi, _ = settle(ctx, mi)
			authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonNotMeshed, "stays")
			Expect(serverAccess(ctx)).To(ConsistOf("deny"))
			Expect(identities(ctx)).To(ConsistOf("ingress/nginx", "ingress/renamed"))

			isMeshed(ctx, class, v)
			mi, _ = settle(ctx, mi)
			guarded(ctx, mi, "deny")
			Expect(identities(ctx)).To(ConsistOf("ingress/renamed"))
		})
	})

	It("admits both controllers while the routes move", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class)))
		to := createClass(ctx, contour())
		runsAs(ctx, to, contour(), "envoy")
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) {
			mi.Spec.ClassName = to.Name
			guardedBy(v1alpha1.AuthorizationEnforce)(mi)
		})
		mi, _ = settle(ctx, mi)
		Expect(mi.Status.ClassName).To(Equal(class.Name), "Contour has not accepted the new routes yet")
		Expect(serverAccess(ctx)).To(ConsistOf("deny"))
		Expect(identities(ctx)).To(ConsistOf("ingress/envoy", "ingress/nginx"))

		proxy := routeObject(ctx, contour())
		Expect(unstructured.SetNestedField(proxy.Object, map[string]any{
			"currentStatus": "valid", "conditions": []any{map[string]any{
				"type": "Valid", "status": "True", "reason": "Valid", "message": "", "observedGeneration": proxy.GetGeneration(),
				"lastTransitionTime": "2024-01-01T00:00:00Z",
			}},
		}, "status")).To(Succeed())
		Expect(user.Status().Update(ctx, proxy)).To(Succeed())
		mi, _ = settle(ctx, mi)
		Expect(mi.Status.ClassName).To(Equal(to.Name))
		settle(ctx, mi)
		Expect(identities(ctx)).To(ConsistOf("ingress/envoy"))
	})

	Describe("without any route, because of a stranger's,", func() {
		var (
			mi     *v1alpha1.MeshIngress
			theirs *unstructured.Unstructured
		)
		BeforeEach(func(ctx SpecContext) {
			first, _ := settle(ctx, create(ctx, web(class)))
			theirs = strangersLike(routeObject(ctx, v))
			remove(ctx, first)
			Expect(user.Create(ctx, theirs)).To(Succeed())
			operator.Reset()
			reconciler = operator.MeshIngress()
			mi, _ = settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonObjectConflict)
			Expect(mi.Status.Inventory).To(HaveEach(Satisfy(authorization.IsKind)))
			Expect(mi.Status.Inventory).NotTo(BeEmpty())
		})

		// hadRoutes is a MeshIngress that had routes of a strategy once.
		hadRoutes := func(ctx context.Context, strategy v1alpha1.Strategy) {
			GinkgoHelper()
			mi.Status.Strategy = strategy
			Expect(user.Status().Update(ctx, mi)).To(Succeed())
			expect.ExpectDeleted(ctx, user, theirs)
		}

		It("does not hold up those of another class", func(ctx SpecContext) {
			to := createClass(ctx, contour())
			runsAs(ctx, to, contour(), "envoy")
			change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.ClassName = to.Name })
			mi, _ = settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
			Expect(mi.Status.ClassName).To(Equal(to.Name))
			Expect(mi.Status.MovingTo).To(BeNil())
			Expect(identities(ctx)).To(ConsistOf("ingress/envoy"), "no request comes from the controller before")
		})

		It("says that no route is there, where the class is not there either", func(ctx SpecContext) {
			change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.ClassName = "nobody" })
			mi, _ = settle(ctx, mi)
			expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionProgrammed, "nothing is written")
			Expect(mi.Status.ClassName).To(Equal("nobody"))
		})

		It("is not taken for a route that sends the header", func(ctx SpecContext) {
			hadRoutes(ctx, v1alpha1.StrategyHeader)
			current := expect.ExpectExists(ctx, user, class)
			current.Spec.DataPlane.Repair = v1alpha1.RepairRestart
			Expect(user.Update(ctx, current)).To(Succeed(), "the class has not been looked at since")
			mi, _ = settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		})

		It("is not taken for a route that sends none, either", func(ctx SpecContext) {
			hadRoutes(ctx, v1alpha1.StrategyClusterIP)
			inIngressMode(ctx, class, 1)
			mi, _ = settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionUnknown, v1alpha1.ReasonProxyModePending)
			Expect(routeObjects(ctx)).To(BeEmpty())
		})
	})

	Describe("that is refused", func() {
		It("for a Server of somebody else says so, and gives way to it", func(ctx SpecContext) {
			mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
			foreign := createServer(ctx, "users", "http", map[string]any{"app": "web-svc"})
			mi, _ = settle(ctx, mi)
			authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonPolicyExists, "Server users")
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPolicyExists)
			Expect(allPolicies(ctx)).To(ConsistOf("Server/users"))

			Expect(user.Delete(ctx, foreign)).To(Succeed())
			mi, _ = settle(ctx, mi)
			guarded(ctx, mi, "deny")
		})

		It("for a MeshIngress of another ingress controller says so", func(ctx SpecContext) {
			mi := create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce)))
			other := web(createClass(ctx, contour()))
			other.Name = "other"
			create(ctx, other)
			Expect(meshingress.WithSameRoute(reconciler, ctx, other)).To(ContainElement(HaveField("Name", mi.Name)))
			mi, _ = settle(ctx, mi)
			authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonOtherClients, "MeshIngress other")
			Expect(allPolicies(ctx)).To(BeEmpty())
		})

		It("for a port that bypasses the proxy says so", func(ctx SpecContext) {
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: namespace, Name: "web", Labels: map[string]string{"app": "web-svc"},
					Annotations: map[string]string{"config.linkerd.io/skip-inbound-ports": "8080"},
				},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "web", Image: "web", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
				}}},
			}
			Expect(user.Create(ctx, pod)).To(Succeed())
			mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationAudit))))
			authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonPortSkipped, "8080", "web-svc")
			Expect(allPolicies(ctx)).To(BeEmpty())
		})

		It("for want of a permission says so, and the routes are there", func(ctx SpecContext) {
			restore := forbidPolicies(ctx)
			mi, result := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
			authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonForbidden, "policy.linkerd.io")
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
			Expect(result.RequeueAfter).To(BeNumerically(">=", longRetry))
			restore(ctx)
			mi, _ = settle(ctx, mi)
			guarded(ctx, mi, "deny")
		})

		It("because Linkerd's kinds are not served says so, and heals", Serial, func(ctx SpecContext) {
			Expect(testEnv.RemoveCRDs(ctx, crds.Linkerd)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(testEnv.InstallCRDs(ctx, crds.Linkerd)).To(Succeed()) })
			mi, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
			authorized(ctx, mi, metav1.ConditionFalse, v1alpha1.ReasonPolicyNotServed, "policy.linkerd.io/v1beta3 Server")
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
			Expect(testEnv.InstallCRDs(ctx, crds.Linkerd)).To(Succeed())
			mi, _ = settle(ctx, mi)
			guarded(ctx, mi, "deny")
		})
	})

	It("is shared by MeshIngresses with the same backend, and passes on", func(ctx SpecContext) {
		first, _ := settle(ctx, create(ctx, web(class, guardedBy(v1alpha1.AuthorizationEnforce))))
		second := web(class, withSpecRule("second.example.com", "/", "web-svc", 80), guardedBy(v1alpha1.AuthorizationEnforce,
			v1alpha1.AuthorizedClient{ServiceAccount: &v1alpha1.ObjectKey{Namespace: "jobs", Name: "vote"}}))
		second.Name = "second"
		second, _ = settle(ctx, create(ctx, second))
		guarded(ctx, second, "deny")
		server := policyObjects(ctx, authorization.KindServer)[0]
		for _, policy := range policyObjects(ctx, authorization.KindAuthorizationPolicy) {
			Expect(specOf(&policy)["targetRef"]).To(HaveKeyWithValue("name", server.GetName()))
		}
		Expect(identities(ctx)).To(ConsistOf("ingress/nginx", "ingress/nginx", "jobs/vote"))

		remove(ctx, first)
		second, _ = settle(ctx, second)
		guarded(ctx, second, "deny")
		Expect(identities(ctx)).To(ConsistOf("ingress/nginx", "jobs/vote"))
	})
})
