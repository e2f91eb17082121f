// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("The operator, with exactly its roles", func() {
	It("takes a class, writes its status and lets go of it, with the policies in place", func(ctx SpecContext) {
		running, err := operator.Start(ctx, testEnv)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() error { return running.Stop() })

		class := stored(ctx, theirs())
		key := client.ObjectKeyFromObject(class)
		Eventually(func(g Gomega) {
			g.Expect(testEnv.Client.Get(ctx, key, class)).To(Succeed())
			g.Expect(class.Finalizers).To(ContainElement(v1alpha1.Finalizer))
			g.Expect(class.Status.Conditions).To(ContainElement(HaveField("Type", v1alpha1.ConditionReady)))
		}).Should(Succeed())

		Expect(testEnv.Client.Delete(ctx, class)).To(Succeed())
		Eventually(func() bool { return apierrors.IsNotFound(testEnv.Client.Get(ctx, key, class)) }).Should(BeTrue())
	})

	It("could not make classes for anybody", func(ctx SpecContext) {
		config, err := operator.Connect(ctx, testEnv)
		Expect(err).NotTo(HaveOccurred())
		c, err := client.New(config, client.Options{Scheme: testEnv.Scheme()})
		Expect(err).NotTo(HaveOccurred())
		Expect(apierrors.IsForbidden(c.Create(ctx, theirs()))).To(BeTrue())
	})

	It("is not asked for rights that it does not have", func(ctx SpecContext) {
		class := stored(ctx, named(v1alpha1.VendorTraefik, builders.WithServiceRef("platform", "ingress")))
		bare := newUser(ctx, right{"patch", v1alpha1.GroupName, "meshingressclasses/status", "", ""})

		before := class.DeepCopy()
		class.Finalizers = []string{v1alpha1.Finalizer}
		Expect(bare.Patch(ctx, class, client.MergeFrom(before))).To(Succeed())

		before = class.DeepCopy()
		class.Status.Conditions = []metav1.Condition{{
			Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: "Test", LastTransitionTime: metav1.Now(),
		}}
		Expect(bare.Status().Patch(ctx, class, client.MergeFrom(before))).To(Succeed())

		Expect(testEnv.Client.Delete(ctx, class)).To(Succeed())
		before = class.DeepCopy()
		class.Finalizers = nil
		Expect(bare.Patch(ctx, class, client.MergeFrom(before))).To(Succeed())
	})
})

func asUnstructured(class *v1alpha1.MeshIngressClass) *unstructured.Unstructured {
	GinkgoHelper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(class)
	Expect(err).NotTo(HaveOccurred())
	delete(content, "status")
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("MeshIngressClass"))
	return u
}
