// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("The policies of backends", func() {
	var (
		op        *operator.Operator
		namespace string
		mi        *v1alpha1.MeshIngress
	)

	authorized := func(ctx context.Context, want string) {
		GinkgoHelper()
		becomes(ctx, mi, v1alpha1.ConditionAuthorized, want)
	}
	servers := func(ctx context.Context) ([]unstructured.Unstructured, error) {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(authorization.KindServer.GroupVersionKind)
		err := user.List(ctx, list, client.InNamespace(namespace))
		return list.Items, err
	}
	access := func(ctx context.Context) ([]string, error) {
		items, err := servers(ctx)
		var all []string
		for _, s := range items {
			value, _, _ := unstructured.NestedString(s.Object, "spec", "accessPolicy")
			all = append(all, value)
		}
		return all, err
	}
	admitted := func(ctx context.Context) ([]string, error) {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(authorization.KindMeshTLSAuthentication.GroupVersionKind)
		err := user.List(ctx, list, client.InNamespace(namespace))
		var names []string
		for _, o := range list.Items {
			refs, _, _ := unstructured.NestedSlice(o.Object, "spec", "identityRefs")
			for _, ref := range refs {
				names = append(names, ref.(map[string]any)["name"].(string))
			}
		}
		return names, err
	}
	watched := func() []string {
		var paths []string
		for _, path := range op.Watches.Open() {
			if strings.Contains(path, authorization.Group) {
				paths = append(paths, path)
			}
		}
		return paths
	}

	BeforeEach(func(ctx SpecContext) {
		DeferCleanup(func(ctx SpecContext) { Expect(testEnv.RemoveCRDs(ctx, crds.Linkerd)).To(Succeed()) })
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		namespace = createNamespace(ctx, "emojivoto-", nil)
		op = start(ctx)
		class := traefik().class()
		expect.ExpectApplied(ctx, user, class)
		workload := traefikDeployment()
		eventually(ctx, linkerdAnnotations, workload).ShouldNot(BeEmpty())
		createPod(ctx, workload)
		setRolledOut(ctx, workload)
		becomes(ctx, class, v1alpha1.ConditionMeshed, "True Meshed")
		mi = web(namespace, class)
		mi.Spec.Authorization = &v1alpha1.Authorization{Policy: v1alpha1.AuthorizationEnforce}
		expect.ExpectApplied(ctx, user, mi)
		authorized(ctx, "False PolicyNotServed")
	})

	It("come with their kinds, are kept, give way to those of others, and cost nothing at rest", func(ctx SpecContext) {
		By("coming with their kinds")
		Expect(watched()).To(BeEmpty())
		Expect(testEnv.InstallCRDs(ctx, crds.Linkerd)).To(Succeed())
		authorized(ctx, "True Authorized")
		Expect(access(ctx)).To(ConsistOf("deny"))
		Expect(watched()).To(HaveLen(len(authorization.Kinds())))
		becomes(ctx, mi, v1alpha1.ConditionReady, "True Ready")

		By("costing nothing at rest")
		rests(ctx, op)
		op.Counter.Reset()
		consistently(ctx, op.Counter.Requests).Should(BeEmpty())

		By("coming back")
		all, err := servers(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(user.Delete(ctx, &all[0])).To(Succeed())
		eventually(ctx, access).Should(ConsistOf("deny"))
		patch(ctx, &all[0], `{"spec":{"accessPolicy":"all-unauthenticated"}}`)
		eventually(ctx, access).Should(ConsistOf("deny"))
		authorized(ctx, "True Authorized")

		By("telling of pods that no Server guards")
		bare := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "bare", Labels: map[string]string{"app": "web-svc"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web"}}},
		}
		create(ctx, bare)
		authorized(ctx, "False NotInjected")
		Expect(access(ctx)).To(ConsistOf("deny"))
		Expect(user.Delete(ctx, bare, client.GracePeriodSeconds(0))).To(Succeed())
		authorized(ctx, "True Authorized")

		By("admitting pods of a former ServiceAccount until they have gone")
		before, err := admitted(ctx)
		Expect(err).NotTo(HaveOccurred())
		former := createPod(ctx, traefikDeployment(), func(p *corev1.Pod) { p.Spec.ServiceAccountName = "former" })
		eventually(ctx, admitted).Should(ConsistOf(append(before, "former")))
		Expect(user.Delete(ctx, former, client.GracePeriodSeconds(0))).To(Succeed())
		eventually(ctx, admitted).Should(ConsistOf(before))
		authorized(ctx, "True Authorized")

		By("giving way to those of others")
		foreign := named(authorization.KindServer.GroupVersion().String(), "Server", namespace, "users")
		foreign.Object["spec"] = map[string]any{
			"podSelector": map[string]any{"matchLabels": map[string]any{"app": "web-svc"}}, "port": int64(80), "accessPolicy": "audit",
		}
		create(ctx, foreign)
		authorized(ctx, "False PolicyExists")
		Expect(access(ctx)).To(ConsistOf("audit"))
		Expect(user.Delete(ctx, foreign)).To(Succeed())
		authorized(ctx, "True Authorized")

		By("leaving with their kinds")
		Expect(testEnv.RemoveCRDs(ctx, crds.Linkerd)).To(Succeed())
		authorized(ctx, "False PolicyNotServed")
		eventually(ctx, watched).Should(BeEmpty())
		isProgrammed(ctx, mi)
	})
})
