// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// admission is the webhook of ingress-nginx (kubernetes/ingress-nginx
// charts/ingress-nginx/templates/admission-webhooks/validating-webhook.yaml
// controller-v1.15.1), for objects that nobody makes: nothing answers here.
func admission() *admissionv1.ValidatingWebhookConfiguration {
	return &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "ingress-nginx-admission"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "validate.nginx.ingress.kubernetes.io", AdmissionReviewVersions: []string{"v1"},
			SideEffects: ptr.To(admissionv1.SideEffectClassNone), FailurePolicy: ptr.To(admissionv1.Ignore),
			ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{
				Namespace: "ingress-nginx", Name: "ingress-nginx-controller-admission",
			}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{"example.com"}, APIVersions: []string{"v1"}, Resources: []string{"none"}},
			}},
		}},
	}
}

func createAdmission(ctx SpecContext) *admissionv1.ValidatingWebhookConfiguration {
	GinkgoHelper()
	hook := admission()
	Expect(testEnv.Client.Create(ctx, hook)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, hook))).To(Succeed())
	})
	return hook
}

var _ = Describe("The port of an admission webhook", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
	})

	It("is skipped while there is the webhook", func(ctx SpecContext) {
		startManager()
		newClass(ctx, "nginx", v1alpha1.VendorIngressNginx)
		skips := func(ports string) {
			GinkgoHelper()
			soon(ctx, nginxWorkload, map[string]string{inject: "enabled", skipPorts: ports})
		}
		skips("80,443,4567,4568")
		hook := createAdmission(ctx)
		skips("80,443,4567,4568,8443")

		By("the Service leads to another port")
		edit(ctx, service("ingress-nginx", "ingress-nginx-controller-admission"), func(svc *corev1.Service) {
			svc.Spec.Ports[0].TargetPort = intstr.FromInt32(9443)
		})
		skips("80,443,4567,4568,9443")

		By("the webhook is another Service's")
		edit(ctx, admission(), func(cfg *admissionv1.ValidatingWebhookConfiguration) {
			cfg.Webhooks[0].ClientConfig.Service.Name = "other"
		})
		skips("80,443,4567,4568")
		edit(ctx, admission(), func(cfg *admissionv1.ValidatingWebhookConfiguration) {
			cfg.Webhooks[0].ClientConfig.Service.Name = "ingress-nginx-controller-admission"
		})
		skips("80,443,4567,4568,9443")

		By("the webhook goes")
		Expect(testEnv.Client.Delete(ctx, hook)).To(Succeed())
		skips("80,443,4567,4568")
	})

	It("is skipped where the client's address does not matter", func(ctx SpecContext) {
		createAdmission(ctx)
		settle(ctx, newClass(ctx, "nginx", v1alpha1.VendorIngressNginx, builders.WithClientIP(v1alpha1.ClientIPIgnore)))
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(skipPorts, "4567,4568,8443"))
	})

	It("follows its name through a change of the template", func(ctx SpecContext) {
		createAdmission(ctx)
		class := newClass(ctx, "nginx", v1alpha1.VendorIngressNginx)
		settle(ctx, class)
		edit(ctx, deployment(nginxWorkload), func(d *appsv1.Deployment) {
			for i, p := range d.Spec.Template.Spec.Containers[0].Ports {
				switch p.Name {
				case "webhook":
					d.Spec.Template.Spec.Containers[0].Ports[i].ContainerPort = 9443
				case "http":
					d.Spec.Template.Spec.Containers[0].Ports[i].ContainerPort = 8080
				}
			}
		})
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(HaveKeyWithValue(skipPorts, "443,4567,4568,8080,9443"))
	})
})
