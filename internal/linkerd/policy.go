// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

import "slices"

// Policies for ports that no Server selects (linkerd/linkerd2
// policy-controller/k8s/index/src/defaults.rs version-2.20).
const (
	// PolicyAllUnauthenticated lets every client in.
	PolicyAllUnauthenticated = "all-unauthenticated"
	// PolicyAllAuthenticated lets in clients in the mesh.
	PolicyAllAuthenticated = "all-authenticated"
	// PolicyClusterUnauthenticated lets in clients with an address of the cluster.
	PolicyClusterUnauthenticated = "cluster-unauthenticated"
	// PolicyClusterAuthenticated lets in clients in the mesh with an address of the
	// cluster.
	PolicyClusterAuthenticated = "cluster-authenticated"
	// PolicyDeny lets nobody in.
	PolicyDeny = "deny"
	// PolicyAudit lets every client in, and logs it.
	PolicyAudit = "audit"
)

// InboundPolicy is the policy for the ports of pods that no Server selects. The
// annotations are those of the pods, and of their Namespace where the pods do not have
// them. A value that Linkerd does not know counts as none (linkerd/linkerd2
// policy-controller/k8s/index/src/inbound/workload.rs and pkg/inject/inject.go
// version-2.20).
func (f Facts) InboundPolicy(annotations map[string]string) string {
	known := []string{
		PolicyAllUnauthenticated, PolicyAllAuthenticated, PolicyClusterUnauthenticated,
		PolicyClusterAuthenticated, PolicyDeny, PolicyAudit,
	}
	if policy := annotations[DefaultInboundPolicyAnnotation]; slices.Contains(known, policy) {
		return policy
	}
	return f.DefaultInboundPolicy
}
