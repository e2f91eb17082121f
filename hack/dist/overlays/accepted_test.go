// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/hack/dist/manifests"
)

var _ = Describe("An installation", func() {
	for _, name := range installations() {
		It("is taken by the API server: "+name, func(ctx SpecContext) {
			for _, object := range build(name) {
				err := testEnv.Client.Create(ctx, object, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
				if object.GetKind() == "Namespace" {
					err = client.IgnoreAlreadyExists(err)
				}
				Expect(err).NotTo(HaveOccurred(), "%s %s", object.GetKind(), object.GetName())
			}
		})

		It("runs pods that its namespace admits: "+name, func(ctx SpecContext) {
			objects := build(name)
			ns := &corev1.Namespace{}
			convert(one(objects, "Namespace", namespace), ns)
			Expect(ns.Labels).To(HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"))
			ns.Name = ""
			ns.GenerateName = "restricted-"
			Expect(testEnv.Client.Create(ctx, ns)).To(Succeed())

			pod := podOf(objects, ns.Name)
			Expect(testEnv.Client.Create(ctx, pod.DeepCopy(), client.DryRunAll)).To(Succeed())

			By("refusing one that may gain privileges, so that the namespace does ask")
			pod.Spec.Containers[0].SecurityContext.AllowPrivilegeEscalation = ptr.To(true)
			Expect(testEnv.Client.Create(ctx, pod, client.DryRunAll)).To(Satisfy(apierrors.IsForbidden))
		})
	}
})

// podOf is a pod of the manager's Deployment.
func podOf(objects []*unstructured.Unstructured, namespace string) *corev1.Pod {
	GinkgoHelper()
	deployment := &appsv1.Deployment{}
	convert(one(objects, "Deployment", manager), deployment)
	template := deployment.Spec.Template
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "manager-", Labels: template.Labels},
		Spec:       template.Spec,
	}
}

func convert(from *unstructured.Unstructured, into any) {
	GinkgoHelper()
	Expect(manifests.Convert(from, into)).To(Succeed())
}
