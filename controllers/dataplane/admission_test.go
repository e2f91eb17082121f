// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

const refusal = "only the platform team rolls out ingress controllers"

// refuseOperator makes an admission policy against the operator's changes of Deployments,
// until the function that it returns is called.
func refuseOperator(ctx SpecContext, reason metav1.StatusReason) (letIn func(SpecContext)) {
	GinkgoHelper()
	probe := probeDeployment()
	Expect(testEnv.Client.Create(ctx, probe)).To(Succeed())
	operatorUser := "system:serviceaccount:" + controllertest.Namespace + ":" + controllertest.ServiceAccount
	policy := &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "refuse-operator-"},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: ptr.To(admissionv1.Fail),
			MatchConstraints: &admissionv1.MatchResources{
				ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Update},
					Rule:       admissionv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"}},
				}}},
			},
			Validations: []admissionv1.Validation{{
				Expression: `request.userInfo.username != "` + operatorUser + `"`, Message: refusal, Reason: ptr.To(reason),
			}},
		},
	}
	Expect(testEnv.Client.Create(ctx, policy)).To(Succeed())
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: policy.Name},
		Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: policy.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
		},
	}
	Expect(testEnv.Client.Create(ctx, binding)).To(Succeed())
	refused := func() bool {
		nothing := client.RawPatch(types.MergePatchType, []byte("{}"))
		err := operator.Client.Patch(ctx, probe.DeepCopy(), nothing, client.DryRunAll)
		return err != nil && strings.Contains(err.Error(), refusal)
	}
	Eventually(refused).WithTimeout(authorizerTimeout).Should(BeTrue())
	letIn = func(ctx SpecContext) {
		GinkgoHelper()
		Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, binding))).To(Succeed())
		Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, policy))).To(Succeed())
		Eventually(refused).WithTimeout(authorizerTimeout).Should(BeFalse())
	}
	DeferCleanup(func(ctx SpecContext) {
		letIn(ctx)
		expect.ExpectDeleted(ctx, testEnv.Client, probe)
	})
	return letIn
}

var _ = Describe("An admission policy that refuses what the operator writes", func() {
	denied := v1alpha1.ReasonAdmissionDenied

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		keepAddress(ctx, "traefik", "traefik")
	})

	DescribeTable("is told with its text and the remedy, until it lets the operator in",
		func(ctx SpecContext, reason metav1.StatusReason, meshed string) {
			letIn := refuseOperator(ctx, reason)
			class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
			result := settle(ctx, class)
			Expect(result.RequeueAfter).To(Equal(base.RetryDenied))
			expectUnmeshed(ctx, class, meshed, refusal, "Deployment traefik/traefik")
			expectHazard(ctx, class, denied, refusal, "exempt the operator's ServiceAccount", "Deployment traefik/traefik")
			Expect(events(denied)).To(HaveLen(1))

			letIn(ctx)
			settle(ctx, class)
			Expect(latest(ctx, class).Status.Hazards).To(BeEmpty())
			Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKey(inject))
		},
		Entry("as Invalid, by default", metav1.StatusReasonInvalid, v1alpha1.ReasonApplyFailed),
		Entry("as Forbidden", metav1.StatusReasonForbidden, v1alpha1.ReasonForbidden),
		Entry("as too large", metav1.StatusReasonRequestEntityTooLarge, v1alpha1.ReasonApplyFailed),
	)

	It("is not asked again at each event of the workload", func(ctx SpecContext) {
		letIn := refuseOperator(ctx, metav1.StatusReasonInvalid)
		now := clocktesting.NewFakePassiveClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		reconciler.Denials = apply.NewDenials(base.RetryDenied, now)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		operator.Writes.Reset()
		for i := range int32(20) {
			sayProgress(ctx, i+1)
			result := settle(ctx, class)
			Expect(result.RequeueAfter).To(Equal(base.RetryDenied))
			expectUnmeshed(ctx, class, v1alpha1.ReasonApplyFailed, refusal)
		}
		Expect(operator.Writes.Writes()).To(BeEmpty(), "neither the workload nor the status")
		Expect(events(denied)).To(HaveLen(1))

		By("the time to try again comes")
		now.SetTime(now.Now().Add(base.RetryDenied))
		settle(ctx, class)
		Expect(workloadWrites()).To(HaveLen(1))
		letIn(ctx)
		now.SetTime(now.Now().Add(base.RetryDenied))
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKey(inject))
		Expect(hazards(ctx, class, denied)).To(BeEmpty())
	})

	It("is another thing than a missing permission", func(ctx SpecContext) {
		forbid(ctx, "deployments")
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonForbidden, "cannot patch resource")
		Expect(latest(ctx, class).Status.Hazards).To(BeEmpty())
	})
})

// probeDeployment tells whether a policy is in force. No spec deletes it while it is.
func probeDeployment() *appsv1.Deployment {
	labels := map[string]string{"app": "probe"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: "probe"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "probe:1"}}},
			},
		},
	}
}

// sayProgress changes the status of a workload as its controller does while it rolls out.
func sayProgress(ctx SpecContext, i int32) {
	GinkgoHelper()
	d := latest(ctx, deployment(traefikWorkload))
	d.Status.TerminatingReplicas = &i
	Expect(testEnv.Client.Status().Update(ctx, d)).To(Succeed())
}
