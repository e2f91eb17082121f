// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
)

const inboundPolicy = "config.linkerd.io/default-inbound-policy"

// guarded is a workload behind a Service with the targetPorts 8000 and 8443.
type frontier struct {
	installed string // the policy of the installation
	namespace annotations
	template  annotations
	claim     annotations // on the pod template; default: what clientIP: Ignore gives
	change    func(*corev1.PodSpec)
	service   func(*corev1.Service)
	ignored   string // the installation's ports that no proxy takes
	blocked   string
	servers   []*unstructured.Unstructured
}

func (e frontier) notices() []v1alpha1.Notice {
	svc := exposed("infra", "edge", port(80, intstr.FromString("web")), port(443, intstr.FromInt32(8443)))
	if e.service != nil {
		e.service(svc)
	}
	if e.claim == nil {
		e.claim = annotations{injectKey: "enabled"}
	}
	claim := onTemplate(e.claim)
	claim.Blocked, claim.Workload.Template.Annotations = e.blocked, e.template
	if e.change != nil {
		e.change(&claim.Workload.Template.Spec)
	}
	c := annotatedNamespace(e.namespace)
	c.Linkerd.DefaultInboundPolicy, c.Linkerd.IgnoreInboundPorts = e.installed, e.ignored
	d := injection.Discovery{Workloads: []injection.Workload{claim.Workload}, Services: [][]*corev1.Service{{svc}}}
	return injection.InboundPolicyDenies([]injection.Claim{claim}, d, e.servers, c)
}

func probe(handler corev1.ProbeHandler) func(*corev1.PodSpec) {
	return func(pod *corev1.PodSpec) { pod.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: handler} }
}

func httpProbe(scheme corev1.URIScheme, port intstr.IntOrString) corev1.ProbeHandler {
	return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Scheme: scheme, Port: port, Path: "/ready"}}
}

func TestAPolicyThatKeepsClientsOut(t *testing.T) {
	ports := func(list, policy string) []string {
		return []string{"Deployment infra/edge", `"` + policy + `"`, "ports " + list + ":", inboundPolicy + ": all-unauthenticated", "AuthorizationPolicy"}
	}
	skipped := annotations{injectKey: "enabled", skip: "8000,8443"}
	local := func(svc *corev1.Service) { svc.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal }
	for name, tc := range map[string]struct {
		edge frontier
		want []string
	}{
		"deny":                   {frontier{installed: "deny"}, ports("8000, 8443", "deny")},
		"all-authenticated":      {frontier{installed: "all-authenticated"}, ports("8000, 8443", "all-authenticated")},
		"cluster-authenticated":  {frontier{installed: "cluster-authenticated"}, ports("8000, 8443", "cluster-authenticated")},
		"all-unauthenticated":    {frontier{installed: "all-unauthenticated"}, nil},
		"audit":                  {frontier{installed: "audit"}, nil},
		"one of the future":      {frontier{installed: "maybe"}, nil},
		"of the Namespace":       {frontier{installed: "audit", namespace: annotations{inboundPolicy: "deny"}}, ports("8000, 8443", "deny")},
		"of the pods, which win": {frontier{installed: "deny", namespace: annotations{inboundPolicy: "deny"}, template: annotations{inboundPolicy: "audit"}}, nil},

		"cluster-unauthenticated, under a node's address": {frontier{installed: "cluster-unauthenticated"}, nil},
		"cluster-unauthenticated, under the client's address": {
			frontier{installed: "cluster-unauthenticated", service: local}, ports("8000, 8443", "cluster-unauthenticated"),
		},
		"cluster-unauthenticated lets the kubelet in": {
			frontier{installed: "cluster-unauthenticated", claim: skipped, change: probe(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}})}, nil,
		},

		"ports that we skip":             {frontier{installed: "deny", claim: skipped}, nil},
		"one port that we do not":        {frontier{installed: "deny", claim: annotations{injectKey: "enabled", skip: "8000"}}, ports("8443", "deny")},
		"ports that the user skips":      {frontier{installed: "deny", template: annotations{skip: "8000-9000"}}, nil},
		"ports that the Namespace skips": {frontier{installed: "deny", namespace: annotations{skip: "8000-9000"}}, nil},
		"ports after a space, which Linkerd does not read": {
			frontier{installed: "deny", claim: annotations{injectKey: "enabled", skip: "8000, 8443"}}, ports("8443", "deny"),
		},
		"ports that Linkerd would skip, were there no annotation": {
			frontier{installed: "deny", claim: annotations{injectKey: "enabled", skip: "8000"}, ignored: "8443"}, ports("8443", "deny"),
		},
		"ports that Linkerd skips anyway": {frontier{installed: "deny", ignored: "8443"}, ports("8000", "deny")},
		"a UDP port":                      {frontier{installed: "deny", service: func(svc *corev1.Service) { svc.Spec.Ports[0].Protocol = corev1.ProtocolUDP }}, ports("8443", "deny")},
		"a port without a number":         {frontier{installed: "deny", service: func(svc *corev1.Service) { svc.Spec.Ports[0].TargetPort = intstr.FromString("x") }}, ports("8443", "deny")},
		"a port of the host": {
			frontier{installed: "deny", claim: skipped, change: func(pod *corev1.PodSpec) {
				pod.Containers[0].Ports = append(pod.Containers[0].Ports,
					corev1.ContainerPort{ContainerPort: 9000, HostPort: 90}, corev1.ContainerPort{ContainerPort: 9001, HostPort: 91, Protocol: "UDP"})
			}}, ports("9000", "deny"),
		},

		"no proxy":                         {frontier{installed: "deny", claim: annotations{}}, nil},
		"a proxy for the Namespace's sake": {frontier{installed: "deny", claim: annotations{}, namespace: annotations{injectKey: "enabled"}}, ports("8000, 8443", "deny")},
		"a proxy that will not come":       {frontier{installed: "deny", blocked: "hostNetwork"}, nil},

		"a gRPC probe": {
			frontier{installed: "deny", claim: skipped, change: probe(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}})}, ports("9000", "deny"),
		},
		"an HTTPS probe of a named port": {
			frontier{installed: "deny", change: probe(httpProbe("HTTPS", intstr.FromString("websecure")))}, ports("8000, 8443", "deny"),
		},
		"an HTTPS probe of a number": {
			frontier{installed: "deny", claim: skipped, change: probe(httpProbe("HTTPS", intstr.FromInt32(9443)))}, ports("9443", "deny"),
		},
		"an HTTPS probe of no port": {
			frontier{installed: "deny", claim: skipped, change: probe(httpProbe("HTTPS", intstr.FromString("none")))}, nil,
		},
		"an HTTP probe, which is let in": {
			frontier{installed: "deny", claim: skipped, change: probe(httpProbe("HTTP", intstr.FromInt32(9000)))}, nil,
		},
		"an HTTP probe that names no scheme": {
			frontier{installed: "deny", claim: skipped, change: probe(httpProbe("", intstr.FromInt32(9000)))}, nil,
		},
		"a TCP probe, which the proxy answers": {
			frontier{installed: "deny", claim: skipped, change: probe(corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(9000)}})}, nil,
		},
		"probes of every sort": {
			frontier{installed: "deny", claim: skipped, change: func(pod *corev1.PodSpec) {
				grpc := func(port int32) *corev1.Probe {
					return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: port}}}
				}
				c := &pod.Containers[0]
				c.LivenessProbe, c.ReadinessProbe, c.StartupProbe = grpc(9001), grpc(9002), grpc(9001)
			}}, ports("9001, 9002", "deny"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			expectNames(t, theOnly(t, tc.edge.notices(), v1alpha1.ReasonInboundPolicyDenies), tc.want)
		})
	}
}

func server(namespace string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"namespace": namespace, "name": "x"}, "spec": spec,
	}}
}

func TestAPortWithAServerHasItsOwnPolicy(t *testing.T) {
	pods := map[string]any{"matchLabels": map[string]any{"app": "proxy"}}
	others := map[string]any{"matchLabels": map[string]any{"app": "other"}}
	for name, tc := range map[string]struct {
		server *unstructured.Unstructured
		want   string
	}{
		"by number":                   {server("infra", map[string]any{"podSelector": pods, "port": int64(8000)}), "ports 8443:"},
		"by name":                     {server("infra", map[string]any{"podSelector": pods, "port": "websecure"}), "ports 8000:"},
		"of every pod":                {server("infra", map[string]any{"podSelector": map[string]any{}, "port": "web"}), "ports 8443:"},
		"of another port":             {server("infra", map[string]any{"podSelector": pods, "port": int64(80)}), "ports 8000, 8443:"},
		"of a name that is not there": {server("infra", map[string]any{"podSelector": pods, "port": "x"}), "ports 8000, 8443:"},
		"of other pods":               {server("infra", map[string]any{"podSelector": others, "port": int64(8000)}), "ports 8000, 8443:"},
		"of another namespace":        {server("elsewhere", map[string]any{"podSelector": pods, "port": int64(8000)}), "ports 8000, 8443:"},
		"of no pods": {
			server("infra", map[string]any{"externalWorkloadSelector": pods, "port": int64(8000)}), "ports 8000, 8443:",
		},
		"without a meaning": {server("infra", map[string]any{"podSelector": "x", "port": int64(8000)}), "ports 8000, 8443:"},
	} {
		t.Run(name, func(t *testing.T) {
			e := frontier{installed: "deny", servers: []*unstructured.Unstructured{tc.server}}
			expectNames(t, theOnly(t, e.notices(), v1alpha1.ReasonInboundPolicyDenies), []string{tc.want})
		})
	}
}
