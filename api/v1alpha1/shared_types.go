// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ServicePort names one port of a Service: by number or by name, never both.
//
// +kubebuilder:validation:XValidation:rule="has(self.number) != has(self.name)",message="set exactly one of number and name"
type ServicePort struct {
	// number is the port's number on the Service (not on the pods).
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Number int32 `json:"number,omitempty"`

	// name is the port's name on the Service. The operator resolves it to the
	// number, because Linkerd reads a name as port 80.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be the name of a Service port: lower case letters, digits and '-'"
	Name string `json:"name,omitempty"`
}

// ServiceBackend is a port of a Service. The Service must have a ClusterIP: a
// headless or ExternalName Service gives the mesh nothing to route on.
type ServiceBackend struct {
	// name of the Service.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="must be the name of a Service: lower case letters, digits and '-', starting with a letter"
	Name string `json:"name"`

	// namespace of the Service. Default: the MeshIngress's own. Most ingress
	// controllers cannot reach another one; where they cannot, it is an error.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be the name of a Namespace"
	Namespace string `json:"namespace,omitempty"`

	// port of the Service.
	// +required
	Port ServicePort `json:"port"`
}

// Strategy is how a request tells Linkerd which Service it is for.
// +kubebuilder:validation:Enum=ClusterIP;Header
type Strategy string

const (
	// StrategyClusterIP means that the ingress controller connects to the
	// Service's ClusterIP. Its pods are injected in Linkerd's normal mode.
	StrategyClusterIP Strategy = "ClusterIP"

	// StrategyHeader means that the ingress controller sends l5d-dst-override and
	// that its pods are injected in Linkerd's ingress mode.
	StrategyHeader Strategy = "Header"
)

// Notice tells something that the user should know and that is no error.
type Notice struct {
	// reason is a CamelCase word for programs.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Reason string `json:"reason"`

	// message is a sentence for people, with the remedy where there is one.
	// +required
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`
}

// InventoryEntry names one object that the operator wrote or is about to write.
// It is recorded before the write, so that a crash loses and leaks nothing.
type InventoryEntry struct {
	// group is the API group, empty for the core group.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Group string `json:"group,omitempty"`

	// version is the API version that the object was written with.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version"`

	// kind of the object.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind"`

	// namespace of the object, empty for a cluster-scoped one.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// name of the object.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// Claim names an object of others on which fields are set. It is recorded
// before the write.
type Claim struct {
	InventoryEntry `json:",inline"`

	// uid of the object. Without it a release could create the object anew.
	// +required
	// +kubebuilder:validation:MaxLength=64
	UID string `json:"uid"`

	// manager that owns the fields, in server-side apply.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Manager string `json:"manager,omitempty"`
}

// OverriddenField is a field of an object of others as it was before it was taken
// over. It is recorded before the write.
type OverriddenField struct {
	// The claim that took the field.
	Claim `json:",inline"`

	// path of the field: the keys from the root of the object.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=317
	Path []string `json:"path"`

	// value that was there, in JSON.
	// +required
	// +kubebuilder:validation:MaxLength=4096
	Value string `json:"value"`

	// owners of the field at that time, sorted.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Owners []FieldOwner `json:"owners,omitempty"`

	// retakenAt is when the field was taken again last, to the next full second, because
	// somebody had set it back; not set while that has not happened. For annotations of the
	// injector that is done at most once in ten minutes.
	// +optional
	RetakenAt *metav1.Time `json:"retakenAt,omitempty"`
}

// FieldOwner is a manager of a field, as metadata.managedFields has it.
type FieldOwner struct {
	// manager is its name.
	// +required
	// +kubebuilder:validation:MaxLength=128
	Manager string `json:"manager"`

	// operation by which it set the field.
	// +required
	// +kubebuilder:validation:Enum=Apply;Update
	Operation string `json:"operation"`

	// apiVersion that it set the field in.
	// +required
	// +kubebuilder:validation:MaxLength=317
	APIVersion string `json:"apiVersion"`
}

// PlannedWrite is an object, or fields of an object of others, that would be written.
type PlannedWrite struct {
	InventoryEntry `json:",inline"`

	// fields that would be set, by path: "metadata.annotations[linkerd.io/inject]". A
	// value is in JSON.
	// +required
	// +kubebuilder:validation:MaxProperties=64
	Fields map[string]string `json:"fields"`
}

// ObjectKey names a namespaced object.
type ObjectKey struct {
	// namespace of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace"`

	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// GatewayReference names a Gateway of gateway.networking.k8s.io, and optionally one
// of its listeners.
type GatewayReference struct {
	ObjectKey `json:",inline"`

	// sectionName is the listener that routes attach to. Default: every listener
	// that lets them.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	SectionName string `json:"sectionName,omitempty"`
}
