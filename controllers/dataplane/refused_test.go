// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	webhookadmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

const operatorUser = "system:serviceaccount:" + controllertest.Namespace + ":" + controllertest.ServiceAccount

// refused is an object that the operator writes, and whoever refuses that.
type refused struct {
	resource metav1.GroupVersionResource
	read     func(SpecContext) *unstructured.Unstructured

	// annotations of Linkerd, wherever the object has them.
	annotations func(SpecContext) map[string]string
}

func (r refused) rule() admissionv1.RuleWithOperations {
	return admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.Update},
		Rule: admissionv1.Rule{
			APIGroups: []string{r.resource.Group}, APIVersions: []string{r.resource.Version}, Resources: []string{r.resource.Resource},
		},
	}
}

// isRefused asks for a change of nothing.
func (r refused) isRefused(ctx SpecContext) bool {
	nothing := client.RawPatch(types.MergePatchType, []byte("{}"))
	err := operator.Client.Patch(ctx, r.read(ctx), nothing, client.DryRunAll)
	return err != nil && strings.Contains(err.Error(), refusal)
}

// byPolicy makes an admission policy against what the operator does to the object, which
// gives a reason, until the function that it returns is called.
func byPolicy(reason metav1.StatusReason) func(SpecContext, refused) func(SpecContext) {
	return func(ctx SpecContext, r refused) (letIn func(SpecContext)) {
		GinkgoHelper()
		policy := &admissionv1.ValidatingAdmissionPolicy{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "refuse-operator-"},
			Spec: admissionv1.ValidatingAdmissionPolicySpec{
				MatchConstraints: &admissionv1.MatchResources{
					ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: r.rule()}},
				},
				Validations: []admissionv1.Validation{{
					Expression: `request.userInfo.username != "` + operatorUser + `"`, Message: refusal, Reason: &reason,
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
		Eventually(r.isRefused).WithArguments(ctx).WithTimeout(authorizerTimeout).Should(BeTrue())
		remove := func(ctx SpecContext) {
			GinkgoHelper()
			Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, binding))).To(Succeed())
			Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, policy))).To(Succeed())
		}
		DeferCleanup(remove)
		return func(ctx SpecContext) {
			GinkgoHelper()
			remove(ctx)
			Eventually(r.isRefused).WithArguments(ctx).WithTimeout(authorizerTimeout).Should(BeFalse())
		}
	}
}

// byWebhook does the same by a webhook that answers with a code of its choice, as
// webhookadmission.Errored of controller-runtime does.
func byWebhook(code int32) func(SpecContext, refused) func(SpecContext) {
	return func(ctx SpecContext, r refused) (letIn func(SpecContext)) {
		GinkgoHelper()
		var open atomic.Bool
		server := serveWebhook(func(_ context.Context, request webhookadmission.Request) webhookadmission.Response {
			if open.Load() || request.UserInfo.Username != operatorUser {
				return webhookadmission.Allowed("")
			}
			response := webhookadmission.Denied(refusal)
			response.Result.Code, response.Result.Reason = code, reasonOf(code)
			return response
		})
		config := &admissionv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "refuse-operator-"},
			Webhooks: []admissionv1.ValidatingWebhook{{
				Name: "refuse.example.com", AdmissionReviewVersions: []string{"v1"},
				SideEffects: ptr.To(admissionv1.SideEffectClassNone), Rules: []admissionv1.RuleWithOperations{r.rule()},
				ClientConfig: admissionv1.WebhookClientConfig{
					URL:      &server.URL,
					CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
				},
			}},
		}
		Expect(testEnv.Client.Create(ctx, config)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, config) })
		Eventually(r.isRefused).WithArguments(ctx).WithTimeout(authorizerTimeout).Should(BeTrue())
		return func(SpecContext) { open.Store(true) }
	}
}

// reasonOf is what a library makes of a code; most webhooks give none.
func reasonOf(code int32) metav1.StatusReason {
	return map[int32]metav1.StatusReason{http.StatusForbidden: metav1.StatusReasonForbidden}[code]
}

func serveWebhook(handler webhookadmission.HandlerFunc) *httptest.Server {
	GinkgoHelper()
	served, err := webhookadmission.StandaloneWebhook(&webhook.Admission{Handler: handler}, webhookadmission.StandaloneOptions{})
	Expect(err).NotTo(HaveOccurred())
	server := httptest.NewTLSServer(served)
	DeferCleanup(server.Close)
	return server
}

// traefikRefused is the pod template of Traefik.
func traefikRefused() refused {
	return refused{
		resource:    metav1.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"},
		read:        func(ctx SpecContext) *unstructured.Unstructured { return object(ctx, traefikWorkload) },
		annotations: func(ctx SpecContext) map[string]string { return linkerdAnnotations(ctx, traefikWorkload) },
	}
}

// deploymentRefused is Traefik, and the class that writes there.
func deploymentRefused(ctx SpecContext) (refused, *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	install(ctx, fixtures.Traefik)
	return traefikRefused(), newClass(ctx, "traefik", v1alpha1.VendorTraefik)
}

func placeRefused(p place, resource metav1.GroupVersionResource) func(SpecContext) (refused, *v1alpha1.MeshIngressClass) {
	return func(ctx SpecContext) (refused, *v1alpha1.MeshIngressClass) {
		GinkgoHelper()
		install(ctx, fixtures.EnvoyGateway)
		return refused{resource: resource, read: p.read, annotations: p.annotations},
			envoyClass(ctx, "public", withTarget(p.target))
	}
}

func namespaceRefused() func(SpecContext) (refused, *v1alpha1.MeshIngressClass) {
	return placeRefused(envoyNamespacePlace(v1alpha1.InjectionTargetNamespace), metav1.GroupVersionResource{Version: "v1", Resource: "namespaces"})
}

func gatewayRefused() func(SpecContext) (refused, *v1alpha1.MeshIngressClass) {
	return placeRefused(place{
		v1alpha1.InjectionTargetGateway, "gateway.networking.k8s.io", "Gateway", "infra", "public",
		[]string{"spec", "infrastructure", "annotations"},
	}, metav1.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"})
}

var _ = DescribeTable("What admission refuses is told, is not asked for again at each event, and is done once it is allowed",
	func(ctx SpecContext, set func(SpecContext) (refused, *v1alpha1.MeshIngressClass),
		refuse func(SpecContext, refused) func(SpecContext),
	) {
		installLinkerd(ctx)
		now := clocktesting.NewFakePassiveClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		reconciler.Denials = apply.NewDenials(base.RetryDenied, now)
		later := func() { now.SetTime(now.Now().Add(base.RetryDenied)) }
		r, class := set(ctx)

		By("setting")
		letIn := refuse(ctx, r)
		result := settle(ctx, class)
		Expect(result.RequeueAfter).To(Equal(base.RetryDenied))
		expectHazard(ctx, class, v1alpha1.ReasonAdmissionDenied, refusal, "exempt the operator's ServiceAccount")
		Expect(events(v1alpha1.ReasonAdmissionDenied)).To(HaveLen(1))
		expectQuiet(ctx, class)
		letIn(ctx)
		later()
		settle(ctx, class)
		Expect(hazards(ctx, class, v1alpha1.ReasonAdmissionDenied)).To(BeEmpty())
		Expect(r.annotations(ctx)).To(HaveKey(inject))

		By("releasing")
		letIn = refuse(ctx, r)
		operator.Events.Forget()
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		result = settle(ctx, class)
		Expect(result.RequeueAfter).To(Equal(base.RetryDenied))
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReleasing)
		expect.ExpectConditionMessage(ctx, testEnv.Client, class, v1alpha1.ConditionReady, refusal)
		expectHazard(ctx, class, v1alpha1.ReasonAdmissionDenied, refusal, "exempt the operator's ServiceAccount")
		Expect(events(v1alpha1.ReasonReleasing)).To(HaveLen(1))
		Expect(r.annotations(ctx)).To(HaveKey(inject))
		expectQuiet(ctx, class)
		letIn(ctx)
		later()
		settle(ctx, class)
		expect.ExpectNotFound(ctx, testEnv.Client, class)
		Expect(r.annotations(ctx)).NotTo(HaveKey(inject))
	},
	Entry("a policy, of a workload", deploymentRefused, byPolicy(metav1.StatusReasonInvalid)),
	Entry("a policy, of a Namespace", namespaceRefused(), byPolicy(metav1.StatusReasonInvalid)),
	Entry("a policy, of a Gateway", gatewayRefused(), byPolicy(metav1.StatusReasonInvalid)),
	Entry("a webhook, of a workload", deploymentRefused, byWebhook(http.StatusForbidden)),
	Entry("a webhook, of a Namespace", namespaceRefused(), byWebhook(http.StatusBadRequest)),
	Entry("a webhook, of a Gateway", gatewayRefused(), byWebhook(http.StatusForbidden)),
	Entry("a webhook that says not found", deploymentRefused, byWebhook(http.StatusNotFound)),
	Entry("a webhook that says conflict", deploymentRefused, byWebhook(http.StatusConflict)),
	Entry("a webhook that says internal error", deploymentRefused, byWebhook(http.StatusInternalServerError)),
)

// expectQuiet expects that a class which waits writes nothing at twenty events.
func expectQuiet(ctx SpecContext, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	operator.Writes.Reset()
	told := len(operator.Events.Events())
	for range 20 {
		result := settle(ctx, class)
		Expect(result.RequeueAfter).To(Equal(base.RetryDenied))
	}
	Expect(operator.Writes.Writes()).To(BeEmpty())
	Expect(operator.Events.Events()).To(HaveLen(told))
}
