// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"maps"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/expect"
)

// rollOut makes the pods of a workload anew, as its controller and Linkerd's injector
// do, and says in its status that it is done.
func rollOut(ctx SpecContext, ref v1alpha1.WorkloadReference) {
	GinkgoHelper()
	w := get(ctx, ref)
	Expect(testEnv.Client.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(ref.Namespace),
		client.MatchingLabels(w.Template.Labels), client.GracePeriodSeconds(0))).To(Succeed())
	expect.ExpectApplied(ctx, testEnv.Client, podOf(w, "pod-1", injected(w.Template.Annotations[inject])))
	sayRolledOut(ctx, ref, 1)
}

// sayRolledOut sets the status of a workload to that of one whose pods are all of
// the current template.
func sayRolledOut(ctx SpecContext, ref v1alpha1.WorkloadReference, pods int64) {
	GinkgoHelper()
	o := object(ctx, ref)
	o.Object["status"] = map[string]any{
		"observedGeneration": o.GetGeneration(), "replicas": pods, "updatedReplicas": pods, "readyReplicas": pods,
	}
	if ref.Kind == "DaemonSet" {
		o.Object["status"] = map[string]any{
			"observedGeneration": o.GetGeneration(), "desiredNumberScheduled": pods, "currentNumberScheduled": pods,
			"numberMisscheduled": int64(0), "numberReady": pods, "updatedNumberScheduled": pods,
		}
	}
	Expect(testEnv.Client.Status().Update(ctx, o)).To(Succeed())
}

type podOption func(*corev1.Pod)

// podOf is a ready pod of a workload's current template, without a proxy.
func podOf(w injection.Workload, name string, opts ...podOption) *corev1.Pod {
	labels := maps.Clone(w.Template.Labels)
	owner := metav1.OwnerReference{APIVersion: "apps/v1", Kind: w.Kind, Name: w.Name, UID: w.UID, Controller: new(true)}
	if w.Kind == "Deployment" {
		labels[appsv1.DefaultDeploymentUniqueLabelKey] = "hash"
		owner.Kind, owner.Name, owner.UID = "ReplicaSet", w.Name+"-hash", "some-uid"
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.Namespace, Name: name, Labels: labels, Annotations: w.Template.Annotations,
			OwnerReferences: []metav1.OwnerReference{owner},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "main:1"}}},
		Status: corev1.PodStatus{
			Phase:      corev1.PodRunning,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
	for _, opt := range opts {
		opt(pod)
	}
	return pod
}

// injected gives a pod a ready proxy of a mode; none where the mode is empty.
func injected(mode string) podOption {
	return func(pod *corev1.Pod) {
		if mode == "" {
			return
		}
		pod.Spec.Containers = append(pod.Spec.Containers, proxyContainer(mode))
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: linkerd.ProxyContainer, Ready: true}}
	}
}

// injectedNatively gives a pod a ready proxy as a native sidecar.
func injectedNatively(mode string) podOption {
	return func(pod *corev1.Pod) {
		proxy := proxyContainer(mode)
		always := corev1.ContainerRestartPolicyAlways
		proxy.RestartPolicy = &always
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, proxy)
		pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: linkerd.ProxyContainer, Ready: true}}
	}
}

func proxyContainer(mode string) corev1.Container {
	c := corev1.Container{Name: linkerd.ProxyContainer, Image: "proxy:1"}
	if mode == linkerd.InjectIngress {
		c.Env = []corev1.EnvVar{{Name: linkerd.IngressModeEnv, Value: "true"}}
	}
	return c
}

func hasProxy(pod *corev1.Pod, mode string) bool {
	for _, c := range append(pod.Spec.Containers, pod.Spec.InitContainers...) {
		if c.Name == linkerd.ProxyContainer {
			return (len(c.Env) == 1) == (mode == linkerd.InjectIngress)
		}
	}
	return false
}
