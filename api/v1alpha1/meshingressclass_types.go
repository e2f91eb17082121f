// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MeshIngressClass is an ingress controller: which product, how requests are
// routed through the mesh, and what may be done to its workload.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=mic,categories={mesh}
// +kubebuilder:printcolumn:name="Vendor",type=string,JSONPath=`.spec.vendor`
// +kubebuilder:printcolumn:name="Strategy",type=string,JSONPath=`.status.strategy`
// +kubebuilder:printcolumn:name="Linkerd",type=string,JSONPath=`.status.linkerd.version`
// +kubebuilder:printcolumn:name="Meshed",type=string,JSONPath=`.status.meshedPods`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type MeshIngressClass struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the platform team wants.
	// +required
	Spec MeshIngressClassSpec `json:"spec"`

	// status is what the operator observed.
	// +optional
	Status MeshIngressClassStatus `json:"status,omitempty"`
}

// MeshIngressClassList is a list of MeshIngressClass.
//
// +kubebuilder:object:root=true
type MeshIngressClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []MeshIngressClass `json:"items"`
}

// MeshIngressClassSpec is what the platform team wants.
//
// +kubebuilder:validation:XValidation:rule="!has(self.ingressNginx) || self.vendor == 'IngressNginx'",message="ingressNginx may be set only where vendor is IngressNginx"
// +kubebuilder:validation:XValidation:rule="!has(self.f5Nginx) || self.vendor == 'F5Nginx'",message="f5Nginx may be set only where vendor is F5Nginx"
// +kubebuilder:validation:XValidation:rule="!has(self.traefik) || self.vendor == 'Traefik'",message="traefik may be set only where vendor is Traefik"
// +kubebuilder:validation:XValidation:rule="!has(self.gce) || self.vendor == 'GCE'",message="gce may be set only where vendor is GCE"
// +kubebuilder:validation:XValidation:rule="!has(self.gloo) || self.vendor == 'Gloo'",message="gloo may be set only where vendor is Gloo"
// +kubebuilder:validation:XValidation:rule="!has(self.contour) || self.vendor == 'Contour'",message="contour may be set only where vendor is Contour"
// +kubebuilder:validation:XValidation:rule="!has(self.haproxy) || self.vendor == 'HAProxy'",message="haproxy may be set only where vendor is HAProxy"
// +kubebuilder:validation:XValidation:rule="!has(self.emissary) || self.vendor == 'Emissary'",message="emissary may be set only where vendor is Emissary"
// +kubebuilder:validation:XValidation:rule="!has(self.enRoute) || self.vendor == 'EnRoute'",message="enRoute may be set only where vendor is EnRoute"
// +kubebuilder:validation:XValidation:rule="has(self.gatewayRef) ? self.vendor in ['EnvoyGateway', 'GatewayAPI', 'Ngrok'] : !(self.vendor in ['EnvoyGateway', 'GatewayAPI'])",message="gatewayRef goes with the vendors EnvoyGateway and GatewayAPI, which need it, and with Ngrok"
// +kubebuilder:validation:XValidation:rule="!has(self.dataPlane) || !has(self.dataPlane.injectionTarget) || self.dataPlane.injectionTarget in ['Auto', 'Workload'] || (self.vendor == 'EnvoyGateway' && self.dataPlane.injectionTarget in ['Namespace', 'Gateway', 'EnvoyProxy']) || (self.vendor == 'GatewayAPI' && self.dataPlane.injectionTarget == 'Gateway') || (self.vendor == 'Contour' && self.dataPlane.injectionTarget == 'ContourDeployment') || (self.vendor == 'Kong' && self.dataPlane.injectionTarget in ['DataPlane', 'GatewayConfiguration'])",message="dataPlane.injectionTarget is Auto or Workload, but for EnvoyGateway, which has Namespace, Gateway and EnvoyProxy, GatewayAPI, which has Gateway, Contour, which has ContourDeployment, and Kong, which has DataPlane and GatewayConfiguration"
type MeshIngressClassSpec struct {
	// vendor is the product. It cannot be changed: make another class, and move
	// the MeshIngresses to it.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="vendor is immutable: make another class and move the MeshIngresses to it"
	Vendor Vendor `json:"vendor"`

	// ingressClassName is what generated routes name as their class. Default:
	// this object's name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="must be the name of an IngressClass"
	IngressClassName string `json:"ingressClassName,omitempty"`

	// gatewayRef is the Gateway that generated routes attach to. EnvoyGateway and
	// GatewayAPI need it. With it, Ngrok gets HTTPRoutes in place of Ingresses.
	// +optional
	GatewayRef *GatewayReference `json:"gatewayRef,omitempty"`

	// routing is how requests tell Linkerd which Service they are for. Auto:
	// ClusterIP where vendor and version can, else Header.
	// +optional
	// +kubebuilder:default=Auto
	Routing Routing `json:"routing,omitempty"`

	// dataPlane says where the controller runs and what may be done to it.
	// +optional
	// +kubebuilder:default={}
	DataPlane DataPlane `json:"dataPlane,omitempty"`

	// allowedNamespaces may use this class.
	// +optional
	// +kubebuilder:default={from: All}
	AllowedNamespaces AllowedNamespaces `json:"allowedNamespaces,omitempty"`

	// ingressNginx is what only IngressNginx has.
	// +optional
	IngressNginx *IngressNginxOptions `json:"ingressNginx,omitempty"`

	// f5Nginx is what only F5Nginx has.
	// +optional
	F5Nginx *F5NginxOptions `json:"f5Nginx,omitempty"`

	// traefik is what only Traefik has.
	// +optional
	Traefik *TraefikOptions `json:"traefik,omitempty"`

	// gce is what only GCE has.
	// +optional
	GCE *GCEOptions `json:"gce,omitempty"`

	// gloo is what only Gloo has.
	// +optional
	Gloo *GlooOptions `json:"gloo,omitempty"`

	// contour is what only Contour has.
	// +optional
	Contour *ContourOptions `json:"contour,omitempty"`

	// haproxy is what only HAProxy has.
	// +optional
	HAProxy *HAProxyOptions `json:"haproxy,omitempty"`

	// emissary is what only Emissary has.
	// +optional
	Emissary *EmissaryOptions `json:"emissary,omitempty"`

	// enRoute is what only EnRoute has.
	// +optional
	EnRoute *EnRouteOptions `json:"enRoute,omitempty"`
}

// Routing is the class's choice of strategy.
// +kubebuilder:validation:Enum=Auto;ClusterIP;Header
type Routing string

const (
	// RoutingAuto is ClusterIP where vendor and version can, else Header.
	RoutingAuto Routing = "Auto"
	// RoutingClusterIP is StrategyClusterIP, or an error.
	RoutingClusterIP Routing = "ClusterIP"
	// RoutingHeader is StrategyHeader, or an error.
	RoutingHeader Routing = "Header"
)

// AllowedNamespaces says whose MeshIngresses may use a class.
//
// +kubebuilder:validation:XValidation:rule="(has(self.from) && self.from == 'Selector') == has(self.selector)",message="selector goes with from: Selector, and only with it"
type AllowedNamespaces struct {
	// from is All or Selector.
	// +optional
	// +kubebuilder:default=All
	// +kubebuilder:validation:Enum=All;Selector
	From NamespacesFrom `json:"from,omitempty"`

	// selector picks Namespaces by their labels.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// NamespacesFrom is the set that AllowedNamespaces takes from.
type NamespacesFrom string

const (
	// NamespacesFromAll is every Namespace.
	NamespacesFromAll NamespacesFrom = "All"
	// NamespacesFromSelector is the Namespaces that selector picks.
	NamespacesFromSelector NamespacesFrom = "Selector"
)

// MeshIngressClassStatus is what the operator observed.
type MeshIngressClassStatus struct {
	// observedGeneration is the generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// strategy in use.
	// +optional
	Strategy Strategy `json:"strategy,omitempty"`

	// strategyReason says why that strategy.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	StrategyReason string `json:"strategyReason,omitempty"`

	// vendorVersion is the image tag of the data plane's main container.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	VendorVersion string `json:"vendorVersion,omitempty"`

	// linkerd is the control plane found.
	// +optional
	Linkerd *LinkerdStatus `json:"linkerd,omitempty"`

	// meshedPods is "<meshed>/<all>" over the pods of all workloads.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	MeshedPods string `json:"meshedPods,omitempty"`

	// workloads of the data plane.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Workloads []WorkloadStatus `json:"workloads,omitempty"`

	// conditions are Accepted, Discovered, Meshed and Ready, always; RelayExposed,
	// Hazard and Conflicted only while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// uncoveredRoutes let a client choose the Service, because the controller is in ingress
	// mode: routes that are in no MeshIngress, and MeshIngresses whose routes do not send
	// the header. They are sorted; at most 64 are shown.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	UncoveredRoutes []InventoryEntry `json:"uncoveredRoutes,omitempty"`

	// notices tell what the user should know and is no error.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Notices []Notice `json:"notices,omitempty"`

	// hazards are what may harm traffic although nothing is wrong with the class, each
	// with its remedy. The condition Hazard is there while there are any.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Hazards []Notice `json:"hazards,omitempty"`

	// planned lists, with injection Audit, what Enforce would write.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Planned []PlannedWrite `json:"planned,omitempty"`

	// inventory lists the objects that were written for this one.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Inventory []InventoryEntry `json:"inventory,omitempty"`

	// claims lists the objects of others on which fields are set for this one.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Claims []Claim `json:"claims,omitempty"`

	// overridden lists the fields that were taken over from others, as they were, to
	// be given back.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Overridden []OverriddenField `json:"overridden,omitempty"`
}

// LinkerdStatus is the Linkerd control plane found in the cluster.
type LinkerdStatus struct {
	// version of the control plane, as linkerd-config has it.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Version string `json:"version,omitempty"`

	// clusterDomain that the control plane was installed with.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ClusterDomain string `json:"clusterDomain,omitempty"`

	// namespace of the control plane.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`
}

// WorkloadStatus is one workload of the data plane.
type WorkloadStatus struct {
	WorkloadReference `json:",inline"`

	// fields are the annotations that the class alone asks for. With injection Audit
	// status.planned says what would be set, all classes considered.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	Fields map[string]string `json:"fields,omitempty"`

	// serviceAccountName is the identity of the pods, in the namespace of the workload.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// formerServiceAccountNames are those of pods that were made before the workload named
	// another, and still run, be it on their way out; sorted. At most 8 are listed, and
	// only those are let in by spec.authorization of a MeshIngress.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MaxLength=253
	FormerServiceAccountNames []string `json:"formerServiceAccountNames,omitempty"`

	// pods that should run, as the workload's status has it.
	// +required
	Pods int32 `json:"pods"`

	// meshedPods are ready and have a ready proxy in the mode asked for.
	// +required
	MeshedPods int32 `json:"meshedPods"`

	// unmeshedPods have no proxy at all, ready or not, and on their way out or not: their
	// requests have no identity.
	// +optional
	UnmeshedPods int32 `json:"unmeshedPods,omitempty"`

	// ingressModePods have a proxy in ingress mode, ready or not. At least one is
	// counted while the pod template asks for that mode: the next pod will have it.
	// +optional
	IngressModePods int32 `json:"ingressModePods,omitempty"`

	// restartedAt is when its pods were made anew last, because some came up without their
	// proxy, to the next full second. spec.dataPlane.repair counts from here, too, in case
	// the annotation is gone.
	// +optional
	RestartedAt *metav1.Time `json:"restartedAt,omitempty"`

	// message says what is in the way, if anything is.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}
