// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Authorization says who may call the backends of a MeshIngress: its ingress
// controller, and the clients listed. For each backend port the operator makes a Server
// of Linkerd and what admits these. Begin with Audit, look at what the proxies of the
// backends log and count as "audit", list who is missing, then go to Enforce.
//
// Only Services of the MeshIngress's own namespace are guarded: whom those of another
// one serve is not decided here. The Service of externalAuth is left alone, too: many
// share it. Kubelet's HTTP probes are
// admitted by Linkerd itself, and a TCP probe only opens a connection. A probe by gRPC or
// HTTPS is denied like any other stranger: list the network of the nodes.
type Authorization struct {
	// policy is what happens to requests of others. Audit: Linkerd lets them in, and
	// logs and counts them. Enforce: it denies them.
	// +required
	Policy AuthorizationMode `json:"policy"`

	// clients are who else may call the backends.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Clients []AuthorizedClient `json:"clients,omitempty"`
}

// AuthorizationMode is what happens to requests of clients that are not authorized.
// +kubebuilder:validation:Enum=Audit;Enforce
type AuthorizationMode string

const (
	// AuthorizationAudit lets them in, logs and counts them.
	AuthorizationAudit AuthorizationMode = "Audit"
	// AuthorizationEnforce denies them.
	AuthorizationEnforce AuthorizationMode = "Enforce"
)

// AuthorizedClient is a workload of the mesh or a network.
//
// +kubebuilder:validation:ExactlyOneOf=serviceAccount;network
type AuthorizedClient struct {
	// serviceAccount is the identity of pods that are in the mesh.
	// +optional
	ServiceAccount *ObjectKey `json:"serviceAccount,omitempty"`

	// network is a range of addresses, "10.0.0.0/8" or "fd00::/8", whose requests need
	// no identity.
	// +optional
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Fa-f.:]+/[0-9]{1,3}$')",message="must be a range of addresses, such as 10.0.0.0/8"
	Network string `json:"network,omitempty"`
}
