// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"maps"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/internal/linkerd"
)

// No controller makes pods of workloads here, and no kubelet runs them: these are
// what both would do.

// createPod makes a pod of the template, as it is now, and lets it be ready. Only
// what the injector adds decides whether it is meshed.
func createPod(ctx context.Context, deployment *appsv1.Deployment, changes ...func(*corev1.Pod)) *corev1.Pod {
	GinkgoHelper()
	current, err := read(ctx, deployment)
	Expect(err).NotTo(HaveOccurred())
	pod := &corev1.Pod{ObjectMeta: *current.Spec.Template.ObjectMeta.DeepCopy(), Spec: current.Spec.Template.Spec}
	pod.Namespace, pod.GenerateName = deployment.Namespace, deployment.Name+"-"
	pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey] = "hash"
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: deployment.Name + "-hash", UID: "some-uid", Controller: new(true),
	}}
	for _, change := range changes {
		change(pod)
	}
	create(ctx, pod)
	setReady(ctx, pod, true)
	return pod
}

// setReady says what a kubelet would of a pod and all its containers.
func setReady(ctx context.Context, pod *corev1.Pod, ready bool) {
	GinkgoHelper()
	current, err := read(ctx, pod)
	Expect(err).NotTo(HaveOccurred())
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	current.Status.Phase = corev1.PodRunning
	current.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}
	current.Status.ContainerStatuses = nil
	for _, c := range current.Spec.Containers {
		current.Status.ContainerStatuses = append(current.Status.ContainerStatuses,
			corev1.ContainerStatus{Name: c.Name, Ready: ready})
	}
	Expect(user.Status().Update(ctx, current)).To(Succeed())
}

// setRolledOut says what the deployment controller would once the rollout is over.
func setRolledOut(ctx context.Context, deployment *appsv1.Deployment) {
	GinkgoHelper()
	current, err := read(ctx, deployment)
	Expect(err).NotTo(HaveOccurred())
	current.Status = appsv1.DeploymentStatus{
		ObservedGeneration: current.Generation,
		Replicas:           *current.Spec.Replicas, UpdatedReplicas: *current.Spec.Replicas,
	}
	Expect(user.Status().Update(ctx, current)).To(Succeed())
}

// linkerdAnnotations are those of Linkerd on the pod template.
func linkerdAnnotations(ctx context.Context, deployment *appsv1.Deployment) (map[string]string, error) {
	current, err := read(ctx, deployment)
	annotations := maps.Clone(current.Spec.Template.Annotations)
	maps.DeleteFunc(annotations, func(k, _ string) bool { return !strings.Contains(k, linkerd.AnnotationDomain) })
	return annotations, err
}
