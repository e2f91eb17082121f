// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/inbound"
)

// callers are one of each sort that Linkerd tells apart.
func callers() map[string]inbound.Client {
	outside := netip.MustParseAddr("192.0.2.1")
	return map[string]inbound.Client{
		"the ingress controller": {Identity: "ingress/nginx"},
		"another in the mesh":    {Identity: "jobs/vote"},
		"one of another cluster": {Identity: "jobs/vote", Address: outside},
		"one outside the mesh":   {},
		"one outside":            {Address: outside},
	}
}

// Whatever the pods' default policy is: Audit keeps nobody out and lets in nobody but the
// ingress controller, and Enforce lets in the ingress controller alone.
func TestWhoIsLetIn(t *testing.T) {
	policies := []string{
		linkerd.PolicyAllUnauthenticated, linkerd.PolicyAllAuthenticated, linkerd.PolicyClusterUnauthenticated,
		linkerd.PolicyClusterAuthenticated, linkerd.PolicyDeny, linkerd.PolicyAudit,
	}
	for _, policy := range policies {
		for where, in := range map[string]authorization.Input{
			"the installation": {Mesh: authorization.Mesh{Linkerd: linkerd.Facts{DefaultInboundPolicy: policy}}},
			"the namespace":    {Mesh: authorization.Mesh{Linkerd: linkerd.Unknown(), Namespace: namespaceWith(policy)}},
			"the pods":         {Mesh: authorization.Mesh{Linkerd: linkerd.Unknown()}},
		} {
			pod := webPod(nil)
			pod.Namespace = namespace
			backend := web()
			pod.Annotations = map[string]string{linkerd.DefaultInboundPolicyAnnotation: policy}
			if where == "the pods" {
				backend.Pods = []corev1.Pod{pod}
			}
			for _, mode := range []v1alpha1.AuthorizationMode{v1alpha1.AuthorizationAudit, v1alpha1.AuthorizationEnforce} {
				planned := input(meshIngress("web", mode), backend)
				planned.Mesh = in.Mesh
				with := inbound.Cluster{Objects: objectsOf(authorization.New(planned).Objects)}
				for who, client := range callers() {
					want := who == "the ingress controller" || mode == v1alpha1.AuthorizationAudit && inbound.Cluster{}.Allows(&pod, 8080, client)
					if got := with.Allows(&pod, 8080, client); got != want {
						t.Errorf("%s, %s of %s: %s is let in: %v", mode, policy, where, who, got)
					}
				}
			}
		}
	}
}

func namespaceWith(policy string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{linkerd.DefaultInboundPolicyAnnotation: policy}}}
}

func objectsOf(planned []*unstructured.Unstructured) []unstructured.Unstructured {
	var objects []unstructured.Unstructured
	for _, o := range planned {
		objects = append(objects, *o)
	}
	return objects
}

func TestLenient(t *testing.T) {
	pod := func(annotations ...string) corev1.Pod {
		p := webPod(nil)
		p.Annotations = map[string]string{}
		for i := 0; i < len(annotations); i += 2 {
			p.Annotations[annotations[i]] = annotations[i+1]
		}
		return p
	}
	const policy, identity = linkerd.DefaultInboundPolicyAnnotation, linkerd.RequireIdentityPortsAnnotation
	for name, tc := range map[string]struct {
		pods []corev1.Pod
		ns   *corev1.Namespace
		want string
	}{
		"no pods and no namespace":                {want: "audit"},
		"the namespace says what pods will have":  {ns: namespaceWith("deny"), want: "deny"},
		"pods say it themselves":                  {ns: namespaceWith("deny"), pods: []corev1.Pod{pod()}, want: "audit"},
		"of pods that differ the strictest":       {pods: []corev1.Pod{pod(), pod(policy, "deny"), pod()}, want: "deny"},
		"what two of them keep out":               {pods: []corev1.Pod{pod(policy, "all-authenticated"), pod(policy, "cluster-unauthenticated")}, want: "cluster-authenticated"},
		"a value that Linkerd does not know":      {pods: []corev1.Pod{pod(policy, "nobody")}, want: "audit"},
		"a port that needs an identity":           {pods: []corev1.Pod{pod(identity, "8080")}, want: "all-authenticated"},
		"one among those of the cluster":          {pods: []corev1.Pod{pod(identity, "8000-9000", policy, "cluster-unauthenticated")}, want: "cluster-authenticated"},
		"another port that needs an identity":     {pods: []corev1.Pod{pod(identity, "8801")}, want: "audit"},
		"audit, which no identity is needed for":  {pods: []corev1.Pod{pod(identity, "8080", policy, "audit")}, want: "audit"},
		"deny, which no identity helps against":   {pods: []corev1.Pod{pod(identity, "8080", policy, "deny")}, want: "deny"},
		"a namespace where no pod is, with ports": {ns: namespaceWith("all-authenticated"), want: "all-authenticated"},
	} {
		t.Run(name, func(t *testing.T) {
			mesh := authorization.Mesh{Linkerd: linkerd.Unknown(), Namespace: tc.ns}
			if got := mesh.Lenient(tc.pods, intstr.FromString("http")); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestWithAccess(t *testing.T) {
	before := server("web", "http", map[string]any{"app": "web-svc"})
	after := authorization.WithAccess(before, "audit")
	if authorization.Denies(after) || !authorization.Denies(before) {
		t.Error("an audited Server denies, or the argument has changed")
	}
	after.Object["spec"].(map[string]any)["accessPolicy"] = "deny"
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("more than accessPolicy has changed (-before +after):\n%s", diff)
	}
	for _, access := range []string{"deny", ""} {
		s := object(authorization.KindServer, "web", map[string]any{})
		if access != "" {
			s = authorization.WithAccess(s, access)
		}
		if !authorization.Denies(s) {
			t.Errorf("accessPolicy %q lets everybody in", access)
		}
	}
}
