// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// InboundPolicyDenies tells of workloads whose default inbound policy cuts off clients
// that are not in the mesh: those of the ports that a Service or a hostPort exposes, and
// the kubelet, which probes.
//
// A port that is skipped never gets to the proxy, with the init container as with the CNI
// plugin, and so to no policy (linkerd/linkerd2-proxy-init pkg/iptables/iptables.go,
// addRulesForIgnoredPorts, which cni-plugin/main.go uses as well): it counts only as long
// as it is not skipped. A port that a Server of the namespace selects has a policy of its
// own, and whoever made it has thought of its clients.
//
// Of probes, only those that the policy controller does not let in by itself count. It
// lets in GET requests for the paths of httpGet probes, since stable-2.12
// (policy-controller/k8s/index/src/inbound/workload.rs, pod_http_probes), from anywhere
// unless policyController.probeNetworks says otherwise. The proxy cannot see the path of
// an HTTPS probe, and a gRPC probe is no GET. To a tcpSocket probe a connection is
// enough, which the proxy takes before it asks for the policy (linkerd/linkerd2-proxy
// linkerd/app/inbound/src/policy/tcp.rs): it does not fail.
func InboundPolicyDenies(claims []Claim, d Discovery, servers []*unstructured.Unstructured, c Cluster) []v1alpha1.Notice {
	var found []v1alpha1.Notice
	for _, claim := range claims {
		annotations := effective(claim, c)
		if claim.Blocked != "" || !injects(annotations[linkerd.InjectAnnotation]) {
			continue
		}
		policy := c.Linkerd.InboundPolicy(annotations)
		skipped := skippedInbound(annotations, c.Linkerd)
		takenByProxy := func(port int32) bool {
			return !skipped.Contains(port) && !selectedByAny(servers, claim.Workload, port)
		}
		ports := deniedPorts(policy, claim.Workload, d.servicesOf(claim.Workload))
		if ports = slices.DeleteFunc(ports, func(p int32) bool { return !takenByProxy(p) }); len(ports) > 0 {
			found = append(found, deniedNotice(claim.Workload, policy, ports))
		}
	}
	return found
}

func deniedNotice(w Workload, policy string, ports []int32) v1alpha1.Notice {
	return v1alpha1.Notice{Reason: v1alpha1.ReasonInboundPolicyDenies, Message: fmt.Sprintf(
		"the default inbound policy of %s, %q, keeps out clients from outside the mesh, or their probes, on ports %s: "+
			"annotate its pod template %s: %s, or make a Server and an AuthorizationPolicy for each port",
		w, policy, firstFew(strings.Split(linkerd.PortsOf(ports...).String(), ",")), linkerd.DefaultInboundPolicyAnnotation, linkerd.PolicyAllUnauthenticated)}
}

func (d Discovery) servicesOf(w Workload) []*corev1.Service {
	i := slices.IndexFunc(d.Workloads, func(o Workload) bool { return o.WorkloadReference == w.WorkloadReference })
	if i < 0 || i >= len(d.Services) {
		return nil
	}
	return d.Services[i]
}

// deniedPorts are those whose clients from outside the mesh a policy does not let in.
// With PolicyClusterUnauthenticated these are only clients who keep an address from
// outside the cluster: not the kubelet, nor who comes by a node that puts its own
// address in the place of theirs.
func deniedPorts(policy string, w Workload, services []*corev1.Service) []int32 {
	switch policy {
	case linkerd.PolicyDeny, linkerd.PolicyAllAuthenticated, linkerd.PolicyClusterAuthenticated:
		return slices.Concat(servicePorts(w, services), hostPorts(w), ProbedPorts(w.Template.Spec))
	case linkerd.PolicyClusterUnauthenticated:
		services = slices.DeleteFunc(slices.Clone(services), func(svc *corev1.Service) bool {
			return svc.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal
		})
		return servicePorts(w, services)
	default:
		return nil
	}
}

// servicePorts are the container ports that Services expose, as far as they resolve.
func servicePorts(w Workload, services []*corev1.Service) []int32 {
	var ports []int32
	for _, svc := range services {
		for _, p := range svc.Spec.Ports {
			if number, ok := containerPort(w, p); ok && isTCP(p.Protocol) {
				ports = append(ports, number)
			}
		}
	}
	return ports
}

// hostPorts are the container ports that a node passes on from a port of its own, with
// the client's address: how a DaemonSet is reached without a Service.
func hostPorts(w Workload) []int32 {
	var ports []int32
	for _, c := range serving(w.Template.Spec) {
		for _, p := range c.Ports {
			if p.HostPort != 0 && isTCP(p.Protocol) {
				ports = append(ports, p.ContainerPort)
			}
		}
	}
	return ports
}

// ProbedPorts are the ports of a pod with a probe of the kubelet that Linkerd's policy
// does not let in by itself: one that speaks gRPC or HTTPS.
func ProbedPorts(pod corev1.PodSpec) []int32 { return probed(pod, corev1.URISchemeHTTPS) }

// OpaqueProbedPorts are those of ports that the proxy takes for opaque: it does not see
// there that a request is an HTTP probe.
func OpaqueProbedPorts(pod corev1.PodSpec) []int32 {
	return probed(pod, corev1.URISchemeHTTPS, corev1.URISchemeHTTP, "")
}

// probed are the ports with a probe by gRPC, or by HTTP with one of some schemes.
func probed(pod corev1.PodSpec, schemes ...corev1.URIScheme) []int32 {
	var ports []int32
	for _, c := range serving(pod) {
		for _, probe := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
			switch {
			case probe == nil:
			case probe.GRPC != nil:
				ports = append(ports, probe.GRPC.Port)
			case probe.HTTPGet != nil && slices.Contains(schemes, probe.HTTPGet.Scheme):
				ports = append(ports, portsOf(c, probe.HTTPGet.Port)...)
			}
		}
	}
	return ports
}

// portsOf resolves a port of a container; none where it has no such name.
func portsOf(c corev1.Container, port intstr.IntOrString) []int32 {
	if port.Type == intstr.Int {
		return []int32{port.IntVal}
	}
	for _, p := range c.Ports {
		if p.Name == port.StrVal && isTCP(p.Protocol) {
			return []int32{p.ContainerPort}
		}
	}
	return nil
}

func selectedByAny(servers []*unstructured.Unstructured, w Workload, port int32) bool {
	return slices.ContainsFunc(servers, func(s *unstructured.Unstructured) bool { return selectedBy(s, w, port) })
}

// selectedBy reports whether a Server is for a port of a workload. One without a
// podSelector is for workloads outside the cluster.
func selectedBy(server *unstructured.Unstructured, w Workload, port int32) bool {
	spec, err := linkerd.ReadServer(server)
	if err != nil || spec.PodSelector == nil {
		return false
	}
	pods, err := metav1.LabelSelectorAsSelector(spec.PodSelector)
	if err != nil || server.GetNamespace() != w.Namespace || !pods.Matches(labels.Set(w.Template.Labels)) {
		return false
	}
	return slices.ContainsFunc(serving(w.Template.Spec), func(c corev1.Container) bool {
		return slices.Contains(portsOf(c, spec.Port), port)
	})
}
