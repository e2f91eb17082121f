// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// setLinkerd replaces a text in the values that Linkerd was installed with.
func setLinkerd(ctx SpecContext, old, anew string) {
	GinkgoHelper()
	edit(ctx, linkerdConfig(), func(cm *corev1.ConfigMap) {
		Expect(cm.Data["values"]).To(ContainSubstring(old))
		cm.Data["values"] = strings.Replace(cm.Data["values"], old, anew, 1)
	})
}

// hazards are the messages of a class's hazards of a reason.
func hazards(ctx SpecContext, class *v1alpha1.MeshIngressClass, reason string) []string {
	GinkgoHelper()
	var found []string
	for _, h := range latest(ctx, class).Status.Hazards {
		if h.Reason == reason {
			found = append(found, h.Message)
		}
	}
	return found
}

// expectHazard expects the hazard, an event of it, and that it is in the condition.
func expectHazard(ctx SpecContext, class *v1alpha1.MeshIngressClass, reason string, substrings ...string) {
	GinkgoHelper()
	found := hazards(ctx, class, reason)
	Expect(found).To(HaveLen(1))
	for _, s := range substrings {
		Expect(found[0]).To(ContainSubstring(s))
	}
	expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionHazard, metav1.ConditionTrue, latest(ctx, class).Status.Hazards[0].Reason)
	Expect(operator.Events.Events()).To(ContainElement("Warning " + reason + ": " + found[0]))
}

func events(reason string) []string {
	var found []string
	for _, e := range operator.Events.Events() {
		if strings.HasPrefix(e, "Warning "+reason+":") {
			found = append(found, e)
		}
	}
	return found
}

// keepAddress makes the Service of a fixture keep the client's address.
func keepAddress(ctx SpecContext, namespace, name string) {
	GinkgoHelper()
	edit(ctx, service(namespace, name), func(svc *corev1.Service) {
		svc.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
	})
}

// certgen is the Job of Envoy Gateway's chart.
func certgen() *batchv1.Job {
	return &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: envoyNamespace, Name: "gateway-helm-certgen"}}
}

// finish says that a Job is done, as its controller does.
func finish(ctx SpecContext, job *batchv1.Job) {
	GinkgoHelper()
	then := metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	current := latest(ctx, job)
	current.Status = batchv1.JobStatus{
		StartTime: &then, CompletionTime: &then, Succeeded: 1,
		Conditions: []batchv1.JobCondition{
			{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue, LastTransitionTime: then},
			{Type: batchv1.JobComplete, Status: corev1.ConditionTrue, LastTransitionTime: then},
		},
	}
	Expect(testEnv.Client.Status().Update(ctx, current)).To(Succeed())
}

func backup() *batchv1.CronJob {
	return &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Namespace: envoyNamespace, Name: "backup"},
		Spec: batchv1.CronJobSpec{
			Schedule: "0 3 * * *",
			JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "backup", Image: "backup:1"}},
			}}}},
		},
	}
}

var _ = Describe("Jobs in an annotated Namespace", func() {
	const native, notNative = "nativeSidecar: true", "nativeSidecar: false"
	hang := v1alpha1.ReasonJobsHang

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.EnvoyGateway)
	})

	It("that get a proxy which does not end are told, until they are done or left alone", func(ctx SpecContext) {
		setLinkerd(ctx, native, notNative)
		class := envoyClass(ctx, "public")
		settle(ctx, class)
		expectHazard(ctx, class, hang, "Job "+envoyNamespace+"/gateway-helm-certgen", "linkerd.io/inject: disabled", "EnvoyProxy")
		Expect(events(hang)).To(HaveLen(1), "once")
		Expect(envoyNamespacePlace("").annotations(ctx)).To(HaveKeyWithValue(inject, "enabled"), "a hazard is told and blocks nothing")

		By("a CronJob comes")
		cron := backup()
		expect.ExpectApplied(ctx, testEnv.Client, cron)
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, cron) })
		settle(ctx, class)
		expectHazard(ctx, class, hang, "CronJob "+envoyNamespace+"/backup, Job "+envoyNamespace+"/gateway-helm-certgen;")

		By("the Job is done, and the CronJob's pods are left alone")
		finish(ctx, certgen())
		settle(ctx, class)
		Expect(hazards(ctx, class, hang)[0]).NotTo(ContainSubstring("certgen"))
		edit(ctx, cron, func(cron *batchv1.CronJob) {
			cron.Spec.JobTemplate.Spec.Template.Annotations = map[string]string{inject: "disabled"}
		})
		settle(ctx, class)
		Expect(hazards(ctx, class, hang)).To(BeEmpty())
	})

	It("are told before the Namespace is annotated", func(ctx SpecContext) {
		setLinkerd(ctx, native, notNative)
		before := snapshot(ctx)
		class := envoyClass(ctx, "public", builders.WithInjection(v1alpha1.InjectionAudit))
		settle(ctx, class)
		expectHazard(ctx, class, hang, "gateway-helm-certgen")
		expectSame(ctx, before)
	})

	It("are told where the user has annotated it, for another target or none", func(ctx SpecContext) {
		setLinkerd(ctx, native, notNative)
		envoyNamespacePlace("").set(ctx, inject, "enabled")
		DeferCleanup(func(ctx SpecContext) { envoyNamespacePlace("").set(ctx, inject, "") })
		class := envoyClass(ctx, "public", withTarget(v1alpha1.InjectionTargetGateway), builders.WithInjection(v1alpha1.InjectionIgnore))
		settle(ctx, class)
		expectHazard(ctx, class, hang, "gateway-helm-certgen")
	})

	It("are not even looked at where they can do no harm", func(ctx SpecContext) {
		class := envoyClass(ctx, "public")
		settle(ctx, class)
		Expect(hazards(ctx, class, hang)).To(BeEmpty())
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.DataPlane.InjectionTarget = v1alpha1.InjectionTargetGateway
		})
		settle(ctx, class)
		setLinkerd(ctx, native, notNative)
		settle(ctx, class)
		Expect(hazards(ctx, class, hang)).To(BeEmpty())
		Expect(operator.Watches.Kinds()).NotTo(ContainElement(HaveField("Group", batchv1.GroupName)))
	})

	It("that may not be looked at are no hazard, and that is said", func(ctx SpecContext) {
		setLinkerd(ctx, native, notNative)
		allowAgain := forbidJobs(ctx)
		class := envoyClass(ctx, "public")
		settle(ctx, class)
		Expect(hazards(ctx, class, hang)).To(BeEmpty())
		Expect(latest(ctx, class).Status.Notices).To(ContainElement(And(
			HaveField("Reason", "HazardsUnknown"), HaveField("Message", ContainSubstring(`cannot list resource "jobs"`)),
		)))
		Expect(envoyNamespacePlace("").annotations(ctx)).To(HaveKeyWithValue(inject, "enabled"))

		allowAgain(ctx)
		settle(ctx, class)
		expectHazard(ctx, class, hang, "gateway-helm-certgen")
		Expect(latest(ctx, class).Status.Notices).NotTo(ContainElement(HaveField("Reason", "HazardsUnknown")))
	})

	It("that come and end are noticed by the controller in a manager", func(ctx SpecContext) {
		setLinkerd(ctx, native, notNative)
		Expect(testEnv.Client.Delete(ctx, certgen(), client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		startManager()
		class := envoyClass(ctx, "public")
		soonReady(ctx, class, v1alpha1.ReasonRolloutInProgress)
		soonHazards := func(want int) {
			GinkgoHelper()
			Eventually(func() []string { return hazards(ctx, class, hang) }).WithTimeout(noticeTimeout).Should(HaveLen(want))
		}
		soonHazards(0)
		install(ctx, fixtures.EnvoyGateway)
		soonHazards(1)
		finish(ctx, certgen())
		soonHazards(0)
	})
})

// forbidJobs takes the right to look at Jobs from the operator, until the function that it
// returns is called.
func forbidJobs(ctx SpecContext) (allowAgain func(SpecContext)) {
	GinkgoHelper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "meshingress-manager"}}
	rules := latest(ctx, role).Rules
	set := func(ctx SpecContext, allowed bool) {
		GinkgoHelper()
		edit(ctx, role, func(role *rbacv1.ClusterRole) {
			role.Rules = nil
			for _, rule := range rules {
				if allowed || rule.APIGroups[0] != batchv1.GroupName {
					role.Rules = append(role.Rules, rule)
				}
			}
		})
		Eventually(func() bool { return operator.Client.List(ctx, &batchv1.JobList{}) == nil }).
			WithTimeout(authorizerTimeout).Should(Equal(allowed))
	}
	set(ctx, false)
	allowAgain = func(ctx SpecContext) { set(ctx, true) }
	DeferCleanup(allowAgain)
	return allowAgain
}

var _ = Describe("The client's address", func() {
	It("that a Service loses is told, until it keeps it", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expectHazard(ctx, class, v1alpha1.ReasonClientAddressLost, "Service traefik/traefik", "externalTrafficPolicy: Local")

		keepAddress(ctx, "traefik", "traefik")
		settle(ctx, class)
		Expect(latest(ctx, class).Status.Hazards).To(BeEmpty())
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionHazard)
		Expect(events(v1alpha1.ReasonClientAddressLost)).To(HaveLen(1))
	})
})

var _ = Describe("A default inbound policy", func() {
	denies := v1alpha1.ReasonInboundPolicyDenies

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		keepAddress(ctx, "traefik", "traefik")
		setLinkerd(ctx, "defaultInboundPolicy: all-unauthenticated", "defaultInboundPolicy: deny")
	})

	It("that keeps clients out of ports which go through the proxy is told, until they are let in", func(ctx SpecContext) {
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithClientIP(v1alpha1.ClientIPIgnore))
		settle(ctx, class)
		expectHazard(ctx, class, denies, "Deployment traefik/traefik", "8000, 8443", "config.linkerd.io/default-inbound-policy: all-unauthenticated")
		Expect(events(denies)).To(HaveLen(1))

		annotate(ctx, traefikWorkload, map[string]string{linkerd.DefaultInboundPolicyAnnotation: "all-unauthenticated"})
		settle(ctx, class)
		Expect(latest(ctx, class).Status.Hazards).To(BeEmpty())
	})

	It("does not concern ports that bypass the proxy, nor pods without one", func(ctx SpecContext) {
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		Expect(hazards(ctx, class, denies)).To(BeEmpty())
		observer := newClass(ctx, "observer", v1alpha1.VendorTraefik,
			builders.WithInjection(v1alpha1.InjectionIgnore), builders.WithClientIP(v1alpha1.ClientIPIgnore))
		settle(ctx, observer)
		Expect(hazards(ctx, observer, denies)).To(BeEmpty(), "the other class's annotations skip the ports")
		remove(ctx, class)
		settle(ctx, observer)
		Expect(hazards(ctx, observer, denies)).To(BeEmpty(), "no proxy")
		annotate(ctx, traefikWorkload, map[string]string{inject: "enabled"})
		settle(ctx, observer)
		expectHazard(ctx, observer, denies, "8000, 8443")
	})

	It("does not concern ports with a Server", func(ctx SpecContext) {
		// As an API server answers that serves Linkerd's kinds.
		reconciler.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
			List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
				servers, ok := list.(*unstructured.UnstructuredList)
				if !ok || servers.GetKind() != "Server" {
					return c.List(ctx, list, opts...)
				}
				server := route("policy.linkerd.io", "v1beta3", "Server")
				server.SetNamespace("traefik")
				server.Object["spec"] = map[string]any{"podSelector": map[string]any{}, "port": "websecure"}
				servers.Items = []unstructured.Unstructured{*server}
				return nil
			},
		})
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithClientIP(v1alpha1.ClientIPIgnore))
		settle(ctx, class)
		expectHazard(ctx, class, denies, "on ports 8000:")
	})
})
