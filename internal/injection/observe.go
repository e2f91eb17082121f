// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

func compareNames(a, b *v1alpha1.MeshIngressClass) int { return cmp.Compare(a.Name, b.Name) }

// mergePorts adds the ports of one list to another, for both ways.
func mergePorts(into, from map[string]string) {
	const key = linkerd.SkipInboundPortsAnnotation
	if ports := linkerd.ParsePorts(into[key]).Union(linkerd.ParsePorts(from[key])); !ports.IsEmpty() {
		into[key] = ports.String()
	}
	mergeOutbound(into, from)
}

// Observation counts the pods of a workload.
type Observation struct {
	// Pods that exist and are not finished.
	Pods int32

	// Meshed pods are ready, and so is their proxy, in the mode asked for.
	Meshed int32

	// Ingress pods have a proxy in ingress mode, ready or not, and on their way out or
	// not.
	Ingress int32

	// Unmeshed are the names of the others, sorted.
	Unmeshed []string
}

// Observe counts the pods that are meshed in a mode (InjectEnabled or
// InjectIngress).
func Observe(pods []*corev1.Pod, mode string) Observation {
	var o Observation
	for _, pod := range pods {
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		if proxyMode(pod) == linkerd.InjectIngress {
			o.Ingress++
		}
		if pod.DeletionTimestamp != nil {
			continue
		}
		o.Pods++
		if isReady(pod) && proxyReady(pod) && proxyMode(pod) == mode {
			o.Meshed++
		} else {
			o.Unmeshed = append(o.Unmeshed, pod.Name)
		}
	}
	slices.Sort(o.Unmeshed)
	return o
}

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
