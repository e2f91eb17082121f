// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// Observation counts the pods of a workload, those that it controls.
type Observation struct {
	// Pods that exist and are not finished.
	Pods int32

	// Meshed pods are ready, and so is their proxy, in the mode asked for.
	Meshed int32

	// Ingress pods have a proxy in ingress mode, ready or not, and on their way out or
	// not.
	Ingress int32

	// Bare pods have no proxy, ready or not, and on their way out or not.
	Bare int32

	// Accounts are the ServiceAccounts of all pods that are not finished, sorted.
	Accounts []string

	// Unmeshed are the names of the others, sorted.
	Unmeshed []string

	// Uninjected are the names of those pods of the current template that came up
	// without a proxy, or with one in another mode, ready or not; sorted.
	Uninjected []string

	// UninjectedSince is when the first of those was made; zero where there are none.
	UninjectedSince time.Time
}

// Observe counts the workload's pods that are meshed in a mode (InjectEnabled or
// InjectIngress). Pods of others may be among those given.
func (w Workload) Observe(pods []*corev1.Pod, mode string) Observation {
	var o Observation
	for _, pod := range pods {
		if isFinished(pod) || !w.controls(pod) {
			continue
		}
		o.countRunning(pod)
		if pod.DeletionTimestamp != nil {
			continue
		}
		o.Pods++
		if isReady(pod) && proxyReady(pod) && proxyMode(pod) == mode {
			o.Meshed++
			continue
		}
		o.Unmeshed = append(o.Unmeshed, pod.Name)
		if proxyMode(pod) != mode && w.made(pod) {
			o.addUninjected(pod)
		}
	}
	slices.Sort(o.Unmeshed)
	slices.Sort(o.Uninjected)
	slices.Sort(o.Accounts)
	o.Accounts = slices.Compact(o.Accounts)
	return o
}

func (o *Observation) addUninjected(pod *corev1.Pod) {
	made := pod.CreationTimestamp.Time
	if len(o.Uninjected) == 0 || made.Before(o.UninjectedSince) {
		o.UninjectedSince = made
	}
	o.Uninjected = append(o.Uninjected, pod.Name)
}

// countRunning counts what matters of a pod also on its way out: whom its requests say
// they are from, and how they are routed.
func (o *Observation) countRunning(pod *corev1.Pod) {
	switch proxyMode(pod) {
	case linkerd.InjectIngress:
		o.Ingress++
	case "":
		o.Bare++
	}
	if name := pod.Spec.ServiceAccountName; name != "" { // the API server sets it on every pod
		o.Accounts = append(o.Accounts, name)
	}
}

// controls reports whether a pod is the workload's, and has not only its labels. A
// Deployment's pods are those of its ReplicaSets, which kubernetes
// pkg/controller/deployment/sync.go@v1.36.3 (generateReplicaSetName) names
// <deployment>-<pod-template-hash>: the ReplicaSets are not read for that. Pods of one
// that a Deployment of another name has left behind count after the next rollout.
func (w Workload) controls(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || w.Kind != "Deployment" {
		return owner != nil && owner.UID == w.UID
	}
	hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	room := validation.DNS1123SubdomainMaxLength - len(hash) - 1
	return owner.Kind == "ReplicaSet" && hash != "" && owner.Name == w.Name[:min(len(w.Name), room)]+"-"+hash
}

// made reports whether a pod was made from the template as it is now, as far as the
// injector and this operator are concerned: what is read of workloads may be newer
// than what is read of pods.
func (w Workload) made(pod *corev1.Pod) bool {
	for key, value := range Marks(w.Template.Annotations) {
		if pod.Annotations[key] != value {
			return false
		}
	}
	return true
}

// Marks are those of a pod's annotations, or of a template's, that tell from which
// template a pod was made; nil where there are none.
func Marks(annotations map[string]string) map[string]string {
	var marks map[string]string
	for key, value := range annotations {
		domain, _, _ := strings.Cut(key, "/")
		if key != v1alpha1.RestartedAtAnnotation && !strings.HasSuffix(domain, linkerd.AnnotationDomain) {
			continue
		}
		if marks == nil {
			marks = map[string]string{}
		}
		marks[key] = value
	}
	return marks
}

// Asks is the value of linkerd.io/inject that the injector finds for a pod that is made
// of a workload's template now: the Namespace's counts where the pod has none
// (linkerd/linkerd2 pkg/inject/inject.go, AppendNamespaceAnnotations).
func (c Cluster) Asks(w Workload) string {
	if mode, ok := w.Template.Annotations[linkerd.InjectAnnotation]; ok {
		return mode
	}
	if ns := c.Namespaces[w.Namespace]; ns != nil {
		return ns.Annotations[linkerd.InjectAnnotation]
	}
	return ""
}

// isFinished reports whether a pod runs no more.
func isFinished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// AnyReady reports whether one of some pods is ready and not on its way out.
func AnyReady(pods []*corev1.Pod) bool {
	return slices.ContainsFunc(pods, func(pod *corev1.Pod) bool { return pod.DeletionTimestamp == nil && isReady(pod) })
}

// IsBare reports whether a pod that is not finished has no proxy.
func IsBare(pod *corev1.Pod) bool { return !isFinished(pod) && proxyMode(pod) == "" }

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// proxyReady finds the proxy among the containers and, as a native sidecar, among
// the init containers.
func proxyReady(pod *corev1.Pod) bool {
	statuses := slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses)
	return slices.ContainsFunc(statuses, func(s corev1.ContainerStatus) bool {
		return s.Name == linkerd.ProxyContainer && s.Ready
	})
}

func proxyMode(pod *corev1.Pod) string {
	for _, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		if c.Name != linkerd.ProxyContainer {
			continue
		}
		for _, env := range c.Env {
			if env.Name == linkerd.IngressModeEnv && env.Value == "true" {
				return linkerd.InjectIngress
			}
		}
		return linkerd.InjectEnabled
	}
	return ""
}
