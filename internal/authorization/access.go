// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package authorization

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshingress/meshingress/internal/linkerd"
)

// Values of accessPolicy (linkerd/linkerd2 policy-controller/k8s/index/src/defaults.rs
// edge-26.8.3).
const (
	accessDeny  = linkerd.PolicyDeny
	accessAudit = linkerd.PolicyAudit
)

// Mesh is what decides who may call a port that no Server selects.
type Mesh struct {
	// Linkerd as it is installed.
	Linkerd linkerd.Facts

	// Namespace of the pods; nil where it is not known.
	Namespace *corev1.Namespace
}

// Lenient is the accessPolicy of a Server that denies nobody who would be let in without
// it, and lets in nobody else: a Server takes the place of the pods' default inbound
// policy and of their list of ports that need an identity (linkerd/linkerd2
// policy-controller/k8s/index/src/inbound/index.rs edge-26.8.3, default_inbound_server).
// It is "audit" where everybody is let in. Of pods that differ the stricter ones count.
// Where there are none yet, the Namespace says what they will have.
func (m Mesh) Lenient(pods []corev1.Pod, port intstr.IntOrString) string {
	if len(pods) == 0 {
		template := corev1.Pod{}
		if m.Namespace != nil {
			template.Annotations = m.Namespace.Annotations
		}
		return m.without(template, port).String()
	}
	var all strictness
	for _, pod := range pods {
		all = all.and(m.without(pod, port))
	}
	return all.String()
}

// strictness is what a client must be to be let in.
type strictness struct{ denied, authenticated, inCluster bool }

// without says who is let in by a pod that no Server selects.
func (m Mesh) without(pod corev1.Pod, port intstr.IntOrString) strictness {
	policy := m.Linkerd.InboundPolicy(pod.Annotations)
	s := strictness{
		denied:        policy == linkerd.PolicyDeny,
		authenticated: strings.HasSuffix(policy, "-authenticated"),
		inCluster:     strings.HasPrefix(policy, "cluster-"),
	}
	needIdentity := linkerd.ParsePorts(pod.Annotations[linkerd.RequireIdentityPortsAnnotation])
	if policy != linkerd.PolicyAudit && slices.ContainsFunc(numbers(pod, port), needIdentity.Contains) {
		s.authenticated = true
	}
	return s
}

func (s strictness) and(other strictness) strictness {
	return strictness{
		denied:        s.denied || other.denied,
		authenticated: s.authenticated || other.authenticated,
		inCluster:     s.inCluster || other.inCluster,
	}
}

// String is the value of accessPolicy.
func (s strictness) String() string {
	switch {
	case s.denied:
		return accessDeny
	case s.authenticated && s.inCluster:
		return linkerd.PolicyClusterAuthenticated
	case s.authenticated:
		return linkerd.PolicyAllAuthenticated
	case s.inCluster:
		return linkerd.PolicyClusterUnauthenticated
	default:
		return accessAudit
	}
}

// Access is the accessPolicy of a Server; the default of the CRD where it has none.
func Access(server *unstructured.Unstructured) string {
	policy, found, _ := unstructured.NestedString(server.Object, "spec", "accessPolicy")
	if !found {
		return accessDeny
	}
	return policy
}

// Denies reports whether a Server keeps out who is not admitted.
func Denies(server *unstructured.Unstructured) bool { return Access(server) == accessDeny }

// WithAccess is a Server as it is, but for its accessPolicy. It has no marks.
func WithAccess(server *unstructured.Unstructured, access string) *unstructured.Unstructured {
	spec, _, _ := unstructured.NestedMap(server.Object, "spec")
	if spec == nil {
		spec = map[string]any{}
	}
	spec["accessPolicy"] = access
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(KindServer.GroupVersionKind)
	u.SetNamespace(server.GetNamespace())
	u.SetName(server.GetName())
	return u
}
