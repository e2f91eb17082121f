// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// inbound is how a workload is reached from where no proxy is.
type inbound struct {
	services []*corev1.Service
	ports    []int32
}

func findInbound(class *v1alpha1.MeshIngressClass, w Workload, c Cluster) (inbound, error) {
	services, err := findServices(class, w, c)
	if err != nil {
		return inbound{}, err
	}
	ports := webhookPorts(w, c)
	if class.Spec.DataPlane.ClientIP != v1alpha1.ClientIPIgnore {
		exposed, err := exposedPorts(w, services)
		if err != nil {
			return inbound{}, err
		}
		ports = append(ports, exposed...)
		if class.Spec.DataPlane.ServiceRef == nil {
			ports = append(ports, hostPorts(w)...)
		}
	}
	slices.Sort(ports)
	return inbound{services, slices.Compact(ports)}, nil
}

// skipInbound is the value for the annotation that keeps the needed ports from the proxy;
// empty where there are none. The annotation takes the place of what would be skipped
// without it: the Namespace's annotation (linkerd/linkerd2 pkg/inject/inject.go,
// GetConfigOverride; linkerd2-proxy-init cni-plugin/main.go, getAnnotationOverride) and,
// but for the CNI plugin, which adds to it, what Linkerd was installed with
// (inject.go, ApplyAnnotationOverrides; edge-26.8.3).
func skipInbound(needed []int32, target Target, ns *corev1.Namespace, facts linkerd.Facts) string {
	if len(needed) == 0 {
		return ""
	}
	ports := linkerd.PortsOf(needed...)
	if !facts.CNI {
		ports = ports.Union(linkerd.ParsePorts(facts.IgnoreInboundPorts))
	}
	// On the Namespace itself ours is the only value, and what we asked for once must not stay.
	if ns != nil && !isNamespace(target) {
		ports = ports.Union(linkerd.ParsePorts(ns.Annotations[linkerd.SkipInboundPortsAnnotation]))
	}
	return ports.String()
}

// skippedInbound are the ports that bypass the proxy of pods with these annotations, and
// with those of their Namespace where the pods do not have them.
func skippedInbound(annotations map[string]string, facts linkerd.Facts) linkerd.Ports {
	list, isSet := annotations[linkerd.SkipInboundPortsAnnotation]
	ports := linkerd.ParsePorts(list)
	if facts.CNI || !isSet {
		ports = ports.Union(linkerd.ParsePorts(facts.IgnoreInboundPorts))
	}
	return ports
}

// exposedPorts are the container ports that Services lead to.
func exposedPorts(w Workload, services []*corev1.Service) ([]int32, error) {
	var ports []int32
	for _, svc := range services {
		for _, p := range svc.Spec.Ports {
			if !isTCP(p.Protocol) {
				continue
			}
			number, ok := containerPort(w, p)
			if !ok {
				return nil, &DiscoveryError{v1alpha1.ReasonPortUnresolved, fmt.Sprintf(
					"targetPort %q of Service %s/%s is no container port of %s: name the port in the pod template, or set spec.dataPlane.serviceRef",
					p.TargetPort.String(), svc.Namespace, svc.Name, w)}
			}
			ports = append(ports, number)
		}
	}
	return ports, nil
}

func findServices(class *v1alpha1.MeshIngressClass, w Workload, c Cluster) ([]*corev1.Service, error) {
	var found []*corev1.Service
	ref := class.Spec.DataPlane.ServiceRef
	for _, svc := range c.Services {
		switch {
		case ref != nil && svc.Namespace == ref.Namespace && svc.Name == ref.Name,
			ref == nil && isExposed(svc) && svc.Namespace == w.Namespace && selectsPods(svc, w):
			found = append(found, svc)
		}
	}
	if ref != nil && len(found) == 0 {
		why := cmp.Or(c.Watched.Explain(ref.Namespace),
			fmt.Sprintf("there is no Service %s/%s: create it or correct the reference", ref.Namespace, ref.Name))
		return nil, &DiscoveryError{v1alpha1.ReasonServiceNotFound, "spec.dataPlane.serviceRef: " + why}
	}
	return found, nil
}

func isExposed(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer || svc.Spec.Type == corev1.ServiceTypeNodePort
}

func selectsPods(svc *corev1.Service, w Workload) bool {
	return len(svc.Spec.Selector) > 0 &&
		labels.SelectorFromSet(svc.Spec.Selector).Matches(labels.Set(w.Template.Labels))
}

// containerPort resolves a targetPort. The proxy skips container ports, and reads
// numbers only (linkerd/linkerd2-proxy-init pkg/util/portrange.go). An empty name is
// a default, as 0 is (kubernetes/kubernetes pkg/apis/core/v1/defaults.go v1.36.3).
func containerPort(w Workload, p corev1.ServicePort) (int32, bool) {
	switch {
	case p.TargetPort == intstr.FromInt32(0), p.TargetPort == intstr.FromString(""):
		return p.Port, true
	case p.TargetPort.Type == intstr.Int:
		return p.TargetPort.IntVal, true
	}
	for _, c := range serving(w.Template.Spec) {
		for _, cp := range c.Ports {
			if cp.Name == p.TargetPort.StrVal && isTCP(cp.Protocol) {
				return cp.ContainerPort, true
			}
		}
	}
	return 0, false
}

// serving are the containers that Kubernetes routes to: of the init containers, only
// sidecars (k8s.io/endpointslice utils.go v0.36.3, FindPort).
func serving(pod corev1.PodSpec) []corev1.Container {
	all := slices.Clone(pod.Containers)
	for _, c := range pod.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			all = append(all, c)
		}
	}
	return all
}

func isTCP(p corev1.Protocol) bool { return p == "" || p == corev1.ProtocolTCP }
