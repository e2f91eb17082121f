// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
)

func TestProbesThatEnforceWouldFail(t *testing.T) {
	grpc := corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 8080}}
	other := corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9999}}
	http := corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromString("http")}}
	tcp := corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString("http")}}
	nodes := v1alpha1.AuthorizedClient{Network: "10.0.0.0/8"}
	for name, tc := range map[string]struct {
		policy  v1alpha1.AuthorizationMode
		probe   corev1.ProbeHandler
		clients []v1alpha1.AuthorizedClient
		refused bool
		opaque  string
	}{
		"gRPC":                             {v1alpha1.AuthorizationEnforce, grpc, nil, true, ""},
		"of another port":                  {v1alpha1.AuthorizationEnforce, other, nil, false, ""},
		"in an audit, which denies none":   {v1alpha1.AuthorizationAudit, grpc, nil, false, ""},
		"from the nodes, which are let in": {v1alpha1.AuthorizationEnforce, grpc, []v1alpha1.AuthorizedClient{nodes}, false, ""},
		"HTTP, which Linkerd lets in":      {v1alpha1.AuthorizationEnforce, http, nil, false, ""},
		"HTTP, of an opaque port":          {v1alpha1.AuthorizationEnforce, http, nil, true, "8080"},
		"HTTP, where another is opaque":    {v1alpha1.AuthorizationEnforce, http, nil, false, "3306"},
		"TCP, of an opaque port":           {v1alpha1.AuthorizationEnforce, tcp, nil, false, "8080"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := webPod(nil)
			pod.Spec.Containers[0].LivenessProbe = &corev1.Probe{ProbeHandler: tc.probe}
			pod.Annotations = map[string]string{linkerd.OpaquePortsAnnotation: tc.opaque}
			p := web()
			p.Pods = []corev1.Pod{pod}
			mi := meshIngress("web", tc.policy)
			mi.Spec.Authorization.Clients = tc.clients
			refusals := authorization.New(input(mi, p)).Refusals
			got := slices.ContainsFunc(refusals, func(r authorization.Refusal) bool { return r.Reason == v1alpha1.ReasonOtherClients })
			if got != tc.refused {
				t.Errorf("refusals %v, want one of the probe: %t", refusals, tc.refused)
			}
		})
	}
}
