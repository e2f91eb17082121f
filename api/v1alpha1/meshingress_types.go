// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MeshIngress declares routes to backend Services through an ingress controller
// that is in the Linkerd mesh.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=mi,categories={mesh}
// +kubebuilder:printcolumn:name="Class",type=string,JSONPath=`.status.className`
// +kubebuilder:printcolumn:name="Strategy",type=string,JSONPath=`.status.strategy`
// +kubebuilder:printcolumn:name="Programmed",type=string,JSONPath=`.status.conditions[?(@.type=="Programmed")].status`
// +kubebuilder:printcolumn:name="Meshed",type=string,JSONPath=`.status.conditions[?(@.type=="Meshed")].status`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type MeshIngress struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user wants.
	// +required
	Spec MeshIngressSpec `json:"spec"`

	// status is what the operator observed.
	// +optional
	Status MeshIngressStatus `json:"status,omitempty"`
}

// MeshIngressList is a list of MeshIngress.
//
// +kubebuilder:object:root=true
type MeshIngressList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MeshIngress `json:"items"`
}

// MeshIngressSpec is what the user wants.
//
// +kubebuilder:validation:XValidation:rule="has(self.defaultBackend) || (has(self.rules) && size(self.rules) > 0)",message="set at least one of rules and defaultBackend"
type MeshIngressSpec struct {
	// className is the MeshIngressClass that serves this object. Default: the
	// class annotated networking.meshingress.dev/is-default-class: "true".
	// Changing it moves the routes to another ingress controller.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	ClassName string `json:"className,omitempty"`

	// rules are the routes, by host.
	// +optional
	// +listType=map
	// +listMapKey=host
	// +kubebuilder:validation:MaxItems=32
	Rules []Rule `json:"rules,omitempty"`

	// defaultBackend takes the requests that no rule matches.
	// +optional
	DefaultBackend *DefaultBackend `json:"defaultBackend,omitempty"`

	// tls says which Secrets hold the certificates of which hosts.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	TLS []TLS `json:"tls,omitempty"`

	// externalAuth sends each request to a Service that allows or denies it.
	// +optional
	ExternalAuth *ExternalAuth `json:"externalAuth,omitempty"`

	// authorization lets only the ingress controller, and the clients that it lists,
	// call the backends. Default: whoever may.
	// +optional
	Authorization *Authorization `json:"authorization,omitempty"`

	// template is carried onto every generated route object, for what other
	// controllers read there (cert-manager, external-dns).
	// +optional
	Template *Template `json:"template,omitempty"`

	// deletionPolicy says what becomes of the generated objects when this object
	// is deleted. Restore: they are deleted, and fields that were set on objects of
	// others are taken back. Orphan: they stay, as nobody's, and so do the fields that
	// they need, under the operator's field manager; but what spec.authorization made is
	// deleted, because nobody would keep it from denying the ingress controller.
	// +optional
	// +kubebuilder:default=Restore
	// +kubebuilder:validation:Enum=Restore;Orphan
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// DeletionPolicy is what becomes of generated objects when their owner goes.
type DeletionPolicy string

const (
	// DeletionRestore puts everything back as it was.
	DeletionRestore DeletionPolicy = "Restore"
	// DeletionOrphan leaves the generated objects, without any mark of ours.
	DeletionOrphan DeletionPolicy = "Orphan"
)

// Rule is the routes of one host.
type Rule struct {
	// host that the rule is for: a DNS name, or "*." and a DNS name for all names
	// one label below it. Empty: every host. Some vendors need one.
	// +optional
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be a DNS name in lower case, optionally with the prefix '*.'"
	Host string `json:"host"`

	// paths of the host.
	// +required
	// +listType=map
	// +listMapKey=path
	// +listMapKey=pathType
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Paths []Path `json:"paths"`
}

// PathType is how a path is compared with that of a request.
// +kubebuilder:validation:Enum=Prefix;Exact
type PathType string

const (
	// PathTypePrefix matches by path elements: /foo matches /foo and /foo/bar,
	// never /foobar, as in networking.k8s.io/v1.
	PathTypePrefix PathType = "Prefix"
	// PathTypeExact matches the whole path, with case.
	PathTypeExact PathType = "Exact"
)

// Path sends the requests of one path to backends.
//
// +kubebuilder:validation:XValidation:rule="self.backends.exists(b, !has(b.weight) || b.weight > 0)",message="at least one backend needs a weight above 0"
type Path struct {
	// path begins with "/" and holds what RFC 3986 allows in a path.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^/([A-Za-z0-9/._~!$&()*+,;=:@-]|%[0-9A-Fa-f]{2})*$')",message="must begin with '/' and hold only the characters of a URL path"
	Path string `json:"path"`

	// pathType says how path is compared.
	// +optional
	// +kubebuilder:default=Prefix
	PathType PathType `json:"pathType,omitempty"`

	// backends share the requests by weight.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Backends []Backend `json:"backends"`
}

// Backend is a Service and its share of a path's requests.
type Backend struct {
	// service takes the requests.
	// +required
	Service ServiceBackend `json:"service"`

	// weight is the backend's share, relative to the sum of the path's weights.
	// 0 sends it nothing.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Weight *int32 `json:"weight,omitempty"`
}

// DefaultBackend takes the requests that no rule matches.
type DefaultBackend struct {
	// service takes the requests.
	// +required
	Service ServiceBackend `json:"service"`
}

// TLS says which Secret holds the certificate of which hosts.
type TLS struct {
	// hosts that the certificate is for. Empty: the vendor's default.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be a DNS name in lower case, optionally with the prefix '*.'"
	Hosts []string `json:"hosts,omitempty"`

	// secretName is a Secret of type kubernetes.io/tls in this namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Secret"
	SecretName string `json:"secretName"`
}

// ExternalAuth is a Service that is asked about each request.
type ExternalAuth struct {
	// service is asked. Its namespace may be another one.
	// +required
	Service ServiceBackend `json:"service"`

	// path of the question. Default: "/".
	// +optional
	// +kubebuilder:default="/"
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^/([A-Za-z0-9/._~-])*$')",message="must begin with '/' and hold only letters, digits and '/._~-'"
	Path string `json:"path,omitempty"`
}

// Template is carried onto what is generated. The operator's own keys win.
type Template struct {
	// labels of the generated route objects.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 316 && size(self[k]) <= 63)",message="label keys are at most 316 characters, values at most 63"
	Labels map[string]string `json:"labels,omitempty"`

	// annotations of the generated route objects. Keys of Linkerd, of this
	// operator, and snippets of configuration are refused.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 316 && size(self[k]) <= 4096)",message="annotation keys are at most 316 characters, values at most 4096"
	Annotations map[string]string `json:"annotations,omitempty"`
}

// MeshIngressStatus is what the operator observed.
type MeshIngressStatus struct {
	// observedGeneration is the generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// className is the MeshIngressClass whose routes are in place. While they move
	// to another class it is the one they come from, until the new ones are
	// programmed and the old ones are gone.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ClassName string `json:"className,omitempty"`

	// movingTo is the class that the routes are on their way to, while those of
	// className stay in place.
	// +optional
	MovingTo *MovingStatus `json:"movingTo,omitempty"`

	// strategy is how requests tell Linkerd which Service they are for.
	// +optional
	Strategy Strategy `json:"strategy,omitempty"`

	// conditions are Accepted, ResolvedRefs, Programmed, Meshed and Ready, always;
	// Authorized while the spec asks for it; Conflicted and Hazard only while they are
	// true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// routes are the destinations in use, in the order of the spec; at most 256
	// are shown.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Routes []RouteStatus `json:"routes,omitempty"`

	// notices tell what the user should know and is no error.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Notices []Notice `json:"notices,omitempty"`

	// inventory lists the objects that were written for this one.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1024
	Inventory []InventoryEntry `json:"inventory,omitempty"`

	// claims lists the objects of others on which fields are set for this one.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1024
	Claims []Claim `json:"claims,omitempty"`
}

// MovingStatus is a class whose routes are made beside those of another.
type MovingStatus struct {
	// className is the MeshIngressClass.
	// +required
	// +kubebuilder:validation:MaxLength=253
	ClassName string `json:"className"`

	// strategy of the routes that are made for it; empty until all are.
	// +optional
	Strategy Strategy `json:"strategy,omitempty"`
}

// RouteStatus is one destination of one route.
type RouteStatus struct {
	// host of the route, empty for every host.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Host string `json:"host,omitempty"`

	// path of the route, empty for the default backend.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Path string `json:"path,omitempty"`

	// pathType of the route.
	// +optional
	PathType PathType `json:"pathType,omitempty"`

	// destination is "<service>.<namespace>.svc.<cluster domain>:<port>".
	// +required
	// +kubebuilder:validation:MaxLength=512
	Destination string `json:"destination"`

	// strategy of the route.
	// +required
	Strategy Strategy `json:"strategy"`
}
