// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/test/expect"
)

// propagation is what the API server gets to take notice of a role or a policy.
const propagation = time.Minute

var _ = Describe("A write that is refused", func() {
	It("for want of a permission says so, is not tried again soon, and heals", func(ctx SpecContext) {
		class := createClass(ctx, ingressNginx())
		isMeshed(ctx, class, ingressNginx())
		restore := forbidIngresses(ctx, "patch", "create", "delete")

		mi, result := settle(ctx, create(ctx, web(class)))
		for _, kind := range []string{v1alpha1.ConditionProgrammed, v1alpha1.ConditionReady} {
			expect.ExpectCondition(ctx, user, mi, kind, metav1.ConditionFalse, v1alpha1.ReasonForbidden)
			expect.ExpectConditionMessage(ctx, user, mi, kind, "Ingress "+namespace+"/web", "cannot patch resource", "ingresses")
		}
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
		Expect(result.RequeueAfter).To(BeNumerically(">=", longRetry))
		Expect(operator.Events.Events()).To(HaveExactElements(HavePrefix("Warning Forbidden: ")))
		Expect(routeObjects(ctx)).To(BeEmpty())

		restore(ctx)
		_, result = settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		Expect(result.RequeueAfter).To(BeZero())

		By("holding up a deletion, with the reason")
		restore = forbidIngresses(ctx, "delete")
		expect.ExpectDeleted(ctx, user, mi)
		_, result = settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReleasing)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionReady, "deleting Ingress "+namespace+"/web", "cannot delete")
		Expect(result.RequeueAfter).To(BeNumerically(">=", longRetry))
		restore(ctx)
		operator.ReconcileUntilSettled(ctx, reconciler, mi)
		expect.ExpectNotFound(ctx, user, mi)
		Expect(routeObjects(ctx)).To(BeEmpty())
	})

	It("while it prunes keeps in the inventory what is left", func(ctx SpecContext) {
		v := ingressNginx()
		class := createClass(ctx, v)
		mi, _ := settle(ctx, create(ctx, web(class, v.extra)))
		restore := forbidIngresses(ctx, "delete")
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec = web(class).Spec })
		after, _ := settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonForbidden)
		Expect(after.Status.Inventory).To(Equal(mi.Status.Inventory))
		Expect(routeObjects(ctx)).To(HaveLen(2))

		restore(ctx)
		after, _ = settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		Expect(after.Status.Inventory).To(HaveLen(1))
		Expect(routeObjects(ctx)).To(HaveLen(1))
	})

	It("by an admission policy tells its text, and is not tried again soon", func(ctx SpecContext) {
		class := createClass(ctx, ingressNginx())
		remove := refuseIngresses(ctx, "the platform team wants a label 'cost-center'")
		mi, result := settle(ctx, create(ctx, web(class)))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonApplyFailed)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionProgrammed, "the platform team wants a label 'cost-center'")
		Expect(result.RequeueAfter).To(BeNumerically(">=", longRetry))
		Expect(mi.Status.ObservedGeneration).To(Equal(mi.Generation))
		expectDenied(ctx, mi, "the platform team wants a label 'cost-center'")

		remove(ctx)
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		expectNotDenied(ctx, mi)
	})

	It("by an admission policy is a hazard, also in an update and on the way out", func(ctx SpecContext) {
		now := clocktesting.NewFakePassiveClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		reconciler.Denials = apply.NewDenials(longRetry, now)
		later := func() { now.SetTime(now.Now().Add(longRetry)) }
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, ingressNginx()))))
		remove := refuseIngresses(ctx, "no changes on Fridays")
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Host = "other.example.com" })
		settle(ctx, mi)
		expectDenied(ctx, mi, "no changes on Fridays")
		expectQuiet(ctx, mi)
		remove(ctx)
		later()
		settle(ctx, mi)
		expectNotDenied(ctx, mi)

		remove = refuseIngresses(ctx, "nothing is deleted on Fridays")
		operator.Events.Forget()
		expect.ExpectDeleted(ctx, user, mi)
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReleasing)
		expectDenied(ctx, mi, "nothing is deleted on Fridays")
		expectQuiet(ctx, mi)
		remove(ctx)
		later()
		operator.ReconcileUntilSettled(ctx, reconciler, mi)
		expect.ExpectNotFound(ctx, user, mi)
		Expect(routeObjects(ctx)).To(BeEmpty())
	})
})

// expectDenied expects the hazard with the text of a policy, and one event of it.
func expectDenied(ctx SpecContext, mi *v1alpha1.MeshIngress, text string) {
	GinkgoHelper()
	expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionHazard, metav1.ConditionTrue, v1alpha1.ReasonAdmissionDenied)
	expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionHazard, text, "exempt the operator's ServiceAccount")
	notices := expect.ExpectExists(ctx, user, mi).Status.Notices
	Expect(notices).To(ContainElement(HaveField("Reason", v1alpha1.ReasonAdmissionDenied)))
	Expect(operator.Events.Events()).To(ContainElement(And(
		HavePrefix("Warning "+v1alpha1.ReasonAdmissionDenied+": "), ContainSubstring(text))))
}

func expectNotDenied(ctx SpecContext, mi *v1alpha1.MeshIngress) {
	GinkgoHelper()
	expect.ExpectNoCondition(ctx, user, mi, v1alpha1.ConditionHazard)
	Expect(expect.ExpectExists(ctx, user, mi).Status.Notices).NotTo(ContainElement(HaveField("Reason", v1alpha1.ReasonAdmissionDenied)))
}

// expectQuiet expects that nothing is sent, and nothing told, at twenty events.
func expectQuiet(ctx SpecContext, mi *v1alpha1.MeshIngress) {
	GinkgoHelper()
	operator.Writes.Reset()
	told := operator.Events.Events()
	for range 20 {
		reconcileOnce(ctx, mi)
	}
	Expect(operator.Writes.Writes()).To(BeEmpty())
	Expect(operator.Events.Events()).To(Equal(told))
}

// vendorRoles begin the names of the roles that let the operator write vendors' kinds.
const vendorRoles = "meshingress-vendor-"

// forbidIngresses takes verbs on Ingresses from the operator, whichever vendor's role
// has them, and returns what gives them back.
func forbidIngresses(ctx context.Context, verbs ...string) (restore func(context.Context)) {
	GinkgoHelper()
	roles := &rbacv1.ClusterRoleList{}
	Expect(user.List(ctx, roles)).To(Succeed())
	roles.Items = slices.DeleteFunc(roles.Items, func(r rbacv1.ClusterRole) bool {
		return !strings.HasPrefix(r.Name, vendorRoles)
	})
	fewer := roles.DeepCopy()
	for _, role := range fewer.Items {
		for i := range role.Rules {
			if slices.Contains(role.Rules[i].Resources, "ingresses") {
				role.Rules[i].Verbs = slices.DeleteFunc(role.Rules[i].Verbs, func(v string) bool { return slices.Contains(verbs, v) })
			}
		}
	}
	setRoles(ctx, fewer)
	Eventually(mayDelete).WithContext(ctx).WithTimeout(propagation).Should(BeFalse())
	restore = func(ctx context.Context) {
		setRoles(ctx, roles)
		Eventually(mayDelete).WithContext(ctx).WithTimeout(propagation).Should(BeTrue())
	}
	DeferCleanup(func(ctx SpecContext) { restore(ctx) })
	return restore
}

// setRoles writes the rules of roles, of which the operator's is made.
func setRoles(ctx context.Context, roles *rbacv1.ClusterRoleList) {
	GinkgoHelper()
	for i := range roles.Items {
		current := &rbacv1.ClusterRole{}
		Expect(user.Get(ctx, client.ObjectKeyFromObject(&roles.Items[i]), current)).To(Succeed())
		current.Rules = roles.Items[i].Rules
		Expect(user.Update(ctx, current)).To(Succeed())
	}
	Expect(testEnv.AggregateRole(ctx, permissions.ManagerRole)).To(Succeed())
}

// mayDelete asks whether the operator may delete Ingresses.
func mayDelete(ctx context.Context) (bool, error) {
	return may(ctx, "delete", "networking.k8s.io", "ingresses")
}

// mayListPolicies asks whether the operator may list AuthorizationPolicies of Linkerd.
func mayListPolicies(ctx context.Context) (bool, error) {
	return may(ctx, "list", "policy.linkerd.io", "authorizationpolicies")
}

func may(ctx context.Context, verb, group, resource string) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "system:serviceaccount:" + controllertest.Namespace + ":" + controllertest.ServiceAccount,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Group: group, Resource: resource, Namespace: namespace, Verb: verb,
		},
	}}
	err := user.Create(ctx, review)
	return review.Status.Allowed, err
}

// refuseIngresses makes an admission policy for the spec's namespace, and returns
// what takes it away.
func refuseIngresses(ctx context.Context, message string) (remove func(context.Context)) {
	GinkgoHelper()
	name := "refuse-" + namespace
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: ptr.To(admissionv1.Fail),
			MatchConstraints: &admissionv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
				ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update, admissionv1.Delete},
					Rule: admissionv1.Rule{
						APIGroups: []string{"networking.k8s.io"}, APIVersions: []string{"v1"}, Resources: []string{"ingresses"},
					},
				}}},
			},
			Validations: []admissionv1.Validation{{Expression: "false", Message: message}},
		},
	}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
	Expect(user.Create(ctx, policy)).To(Succeed())
	Expect(user.Create(ctx, binding)).To(Succeed())
	Eventually(isRefused).WithContext(ctx).WithTimeout(propagation).Should(BeTrue())
	remove = func(ctx context.Context) {
		GinkgoHelper()
		Expect(client.IgnoreNotFound(user.Delete(ctx, binding))).To(Succeed())
		Expect(client.IgnoreNotFound(user.Delete(ctx, policy))).To(Succeed())
		Eventually(isRefused).WithContext(ctx).WithTimeout(propagation).Should(BeFalse())
	}
	DeferCleanup(func(ctx SpecContext) { remove(ctx) })
	return remove
}

// isRefused asks whether an Ingress could be made in the spec's namespace.
func isRefused(ctx context.Context) (bool, error) {
	probe := &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe"},
		Spec: networkingv1.IngressSpec{DefaultBackend: &networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: "web-svc", Port: networkingv1.ServiceBackendPort{Number: 80}},
		}},
	}
	err := user.Create(ctx, probe, client.DryRunAll)
	if apierrors.IsInvalid(err) {
		return true, nil
	}
	return false, err
}
