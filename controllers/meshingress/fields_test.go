// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"maps"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

const serviceUpstream = "ingress.kubernetes.io/service-upstream"

func kong() vendorCase {
	return vendorCase{
		vendor: v1alpha1.VendorKong, routing: v1alpha1.RoutingAuto, strategy: v1alpha1.StrategyClusterIP,
		kinds: []string{"Ingress"}, route: "Ingress",
	}
}

var _ = Describe("Fields that a MeshIngress sets on Services", func() {
	var (
		class  *v1alpha1.MeshIngressClass
		before map[string]*corev1.Service
	)

	BeforeEach(func(ctx SpecContext) {
		class = createClass(ctx, kong())
		isMeshed(ctx, class, kong())
		before = services(ctx)
	})

	expectUntouched := func(ctx context.Context) {
		GinkgoHelper()
		after := services(ctx)
		for name, svc := range before {
			Expect(after[name].Annotations).To(Equal(svc.Annotations), name)
			Expect(managers(after[name])).To(Equal(managers(svc)), name)
		}
	}
	annotated := HaveField("Annotations", HaveKeyWithValue(serviceUpstream, "true"))

	It("are there as long as the MeshIngress is, on the Services that it routes to alone", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class)))
		Expect(services(ctx)["web-svc"]).To(annotated)
		Expect(services(ctx)["emoji-svc"]).NotTo(annotated)
		Expect(mi.Status.Claims).To(HaveLen(1))
		Expect(mi.Status.Claims[0].UID).To(BeEquivalentTo(before["web-svc"].UID))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

		operator.Writes.Reset()
		settle(ctx, mi)
		Expect(operator.Writes.Writes()).To(BeEmpty())

		remove(ctx, mi)
		expectUntouched(ctx)
	})

	It("go to another Service with the route", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class)))
		change(ctx, mi, withSpec(withSpecRule("example.com", "/", "emoji-svc", "prom")))
		mi, _ = settle(ctx, mi)
		Expect(services(ctx)["emoji-svc"]).To(annotated)
		Expect(services(ctx)["web-svc"]).NotTo(annotated)
		Expect(mi.Status.Claims).To(HaveLen(1))
		remove(ctx, mi)
		expectUntouched(ctx)
	})

	It("stay until the last MeshIngress of a Service goes", func(ctx SpecContext) {
		one, _ := settle(ctx, create(ctx, web(class)))
		other := web(class, withSpecRule("other.example.com", "/", "web-svc", 80))
		other.Name = "other"
		two, _ := settle(ctx, create(ctx, other))
		remove(ctx, one)
		Expect(services(ctx)["web-svc"]).To(annotated)
		remove(ctx, two)
		expectUntouched(ctx)
	})

	It("come back where somebody took them away", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class)))
		annotateService(ctx, "web-svc", map[string]string{serviceUpstream: "", "example.com/theirs": "yes"})
		Expect(services(ctx)["web-svc"]).NotTo(annotated)
		settle(ctx, mi)
		Expect(services(ctx)["web-svc"]).To(annotated)
		remove(ctx, mi)
		Expect(services(ctx)["web-svc"].Annotations).To(Equal(map[string]string{"example.com/theirs": "yes"}))
	})

	It("are not taken from somebody else, and nothing is written then", func(ctx SpecContext) {
		annotateService(ctx, "web-svc", map[string]string{serviceUpstream: "false"})
		before = services(ctx)
		mi, result := settle(ctx, create(ctx, web(class)))
		Expect(routeObjects(ctx)).To(BeEmpty())
		expectUntouched(ctx)
		Expect(mi.Status.Claims).To(BeEmpty())
		for _, kind := range []string{v1alpha1.ConditionProgrammed, v1alpha1.ConditionReady} {
			expect.ExpectCondition(ctx, user, mi, kind, metav1.ConditionFalse, v1alpha1.ReasonFieldConflict)
		}
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionConflicted, metav1.ConditionTrue, v1alpha1.ReasonFieldConflict)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionConflicted,
			serviceUpstream, "Service "+namespace+"/web-svc", "kubectl-annotate", "remove it")
		Expect(operator.Metric("meshingress_conflicts_total", "Service")).To(BeNumerically(">=", 1))
		Expect(result.RequeueAfter).To(BeNumerically(">=", longRetry))

		annotateService(ctx, "web-svc", map[string]string{serviceUpstream: ""})
		mi, _ = settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		expect.ExpectNoCondition(ctx, user, mi, v1alpha1.ConditionConflicted)
	})

	It("are set anew on a Service that was made anew, and nothing is left of the claim on the old one", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class)))
		Expect(user.Delete(ctx, webService())).To(Succeed())
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionResolvedRefs, metav1.ConditionFalse, v1alpha1.ReasonInvalidBackend)
		expect.ExpectApplied(ctx, user, builders.Service(namespace, "web-svc", builders.ServicePort("http", 80)))
		before = services(ctx)
		mi, _ = settle(ctx, mi)
		Expect(services(ctx)["web-svc"]).To(annotated)
		Expect(mi.Status.Claims).To(HaveLen(1))
		Expect(mi.Status.Claims[0].UID).To(BeEquivalentTo(before["web-svc"].UID))
		remove(ctx, mi)
		expectUntouched(ctx)
	})

	It("stay with routes that were to stay", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class, builders.WithDeletionPolicy(v1alpha1.DeletionOrphan))))
		remove(ctx, mi)
		Expect(services(ctx)["web-svc"]).To(annotated)
		Expect(kindsOf(routeObjects(ctx))).To(ConsistOf("Ingress"))
	})

	It("do not keep the MeshIngress from going where the Service is gone", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(class)))
		Expect(user.Delete(ctx, webService())).To(Succeed())
		remove(ctx, mi)
	})
})

// services reads the Services of the spec's namespace, by name.
func services(ctx context.Context) map[string]*corev1.Service {
	GinkgoHelper()
	var list corev1.ServiceList
	Expect(user.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
	found := map[string]*corev1.Service{}
	for i := range list.Items {
		found[list.Items[i].Name] = &list.Items[i]
	}
	return found
}

// managers are who owns a field of an object.
func managers(o client.Object) map[string]bool {
	found := map[string]bool{}
	for _, entry := range o.GetManagedFields() {
		found[entry.Manager] = true
	}
	return found
}

// annotateService is kubectl annotate; an empty value removes the key.
func annotateService(ctx context.Context, name string, values map[string]string) {
	GinkgoHelper()
	after := services(ctx)[name].DeepCopy()
	before := after.DeepCopy()
	if after.Annotations == nil {
		after.Annotations = map[string]string{}
	}
	maps.Copy(after.Annotations, values)
	maps.DeleteFunc(after.Annotations, func(_, value string) bool { return value == "" })
	Expect(user.Patch(ctx, after, client.MergeFrom(before), client.FieldOwner("kubectl-annotate"))).To(Succeed())
}
