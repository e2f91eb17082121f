// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// DataPlane says where the controller runs and what may be done to it.
type DataPlane struct {
	// workloads run the data plane. Default: the one that has the labels of the vendor's
	// chart or manifests and, of several, is started for this class.
	// +optional
	// +listType=map
	// +listMapKey=kind
	// +listMapKey=namespace
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Workloads []WorkloadReference `json:"workloads,omitempty"`

	// serviceRef is the Service that clients reach the data plane by. Its
	// targetPorts are the ports skipped. Default: every Service of type LoadBalancer or
	// NodePort that selects the pods.
	// +optional
	ServiceRef *ObjectKey `json:"serviceRef,omitempty"`

	// injection says what is done to the workloads. Enforce: what injectionTarget names
	// gets what Linkerd needs. Audit: nothing is written, and status.planned says what
	// would be. Ignore: the workloads are only observed.
	// +optional
	// +kubebuilder:default=Enforce
	Injection Injection `json:"injection,omitempty"`

	// injectionTarget is where the annotations go that make Linkerd inject the pods.
	// Auto: Namespace for EnvoyGateway; where another controller generates the workload,
	// the object that it generates it of, if the vendor has such a target; Workload for
	// the others. Workload: the pod template.
	// Namespace: the workload's Namespace, and so every pod that is made there from
	// then on. Gateway: spec.infrastructure.annotations of gatewayRef. EnvoyProxy: the
	// EnvoyProxy that the Gateway or its GatewayClass names. ContourDeployment: that of
	// Contour's Gateway provisioner. DataPlane and GatewayConfiguration: those of Kong's
	// Gateway operator.
	// +optional
	// +kubebuilder:default=Auto
	InjectionTarget InjectionTarget `json:"injectionTarget,omitempty"`

	// conflictPolicy says what happens where somebody else has set what Linkerd needs
	// to another value. Report: it stays, and the condition Conflicted says whose it
	// is. Override: it is taken over, and given back, with its owner, when this class
	// lets go of it, unless somebody has set it since. What somebody sets back again and
	// again on a workload, or on what it is generated from, is taken over again at most
	// once in ten minutes, unless it keeps pods in ingress mode that are to leave it.
	// +optional
	// +kubebuilder:default=Report
	ConflictPolicy ConflictPolicy `json:"conflictPolicy,omitempty"`

	// repair says what happens where pods of a finished rollout have no proxy, or one
	// in the wrong mode: the injector was down when they came up, say. None: the
	// condition Meshed names them. Restart: one rollout makes them anew, at most one in
	// ten minutes, one in an hour where that did not help, and none while another is under
	// way or while no pod of the injector is ready.
	// +optional
	// +kubebuilder:default=None
	Repair Repair `json:"repair,omitempty"`

	// clientIP says whether the ports that clients come by bypass the proxy on their way
	// in, so that the controller sees the client's address. Preserve: they do.
	// Ignore: they do not. Ports of admission webhooks always do.
	// +optional
	// +kubebuilder:default=Preserve
	ClientIP ClientIP `json:"clientIP,omitempty"`
}

// Injection says what is done to the workloads of a class.
// +kubebuilder:validation:Enum=Enforce;Audit;Ignore
type Injection string

const (
	// InjectionEnforce sets what Linkerd needs, and keeps it.
	InjectionEnforce Injection = "Enforce"
	// InjectionAudit writes nothing and says what would be set.
	InjectionAudit Injection = "Audit"
	// InjectionIgnore writes nothing and only observes.
	InjectionIgnore Injection = "Ignore"
)

// InjectionTarget is where the annotations for Linkerd's injector go.
// +kubebuilder:validation:Enum=Auto;Workload;Namespace;Gateway;EnvoyProxy;ContourDeployment;DataPlane;GatewayConfiguration
type InjectionTarget string

const (
	// InjectionTargetAuto is the vendor's first target that can be.
	InjectionTargetAuto InjectionTarget = "Auto"
	// InjectionTargetWorkload is the pod template of each workload.
	InjectionTargetWorkload InjectionTarget = "Workload"
	// InjectionTargetNamespace is the Namespace of each workload.
	InjectionTargetNamespace InjectionTarget = "Namespace"
	// InjectionTargetGateway is spec.infrastructure of the Gateway.
	InjectionTargetGateway InjectionTarget = "Gateway"
	// InjectionTargetEnvoyProxy is the pod annotations of an EnvoyProxy.
	InjectionTargetEnvoyProxy InjectionTarget = "EnvoyProxy"
	// InjectionTargetContourDeployment is the pod annotations of a ContourDeployment.
	InjectionTargetContourDeployment InjectionTarget = "ContourDeployment"
	// InjectionTargetDataPlane is the pod template of a Kong DataPlane.
	InjectionTargetDataPlane InjectionTarget = "DataPlane"
	// InjectionTargetGatewayConfiguration is the pod template of a Kong
	// GatewayConfiguration.
	InjectionTargetGatewayConfiguration InjectionTarget = "GatewayConfiguration"
)

// ConflictPolicy says what happens to a field that somebody else has set to another
// value.
// +kubebuilder:validation:Enum=Report;Override
type ConflictPolicy string

const (
	// ConflictPolicyReport leaves it, and says so.
	ConflictPolicyReport ConflictPolicy = "Report"
	// ConflictPolicyOverride takes it over, and gives it back at the end.
	ConflictPolicyOverride ConflictPolicy = "Override"
)

// Repair says what happens to pods that came up without their proxy.
// +kubebuilder:validation:Enum=None;Restart
type Repair string

const (
	// RepairNone names them.
	RepairNone Repair = "None"
	// RepairRestart makes them anew.
	RepairRestart Repair = "Restart"
)

// ClientIP says whether the client's address is to survive.
// +kubebuilder:validation:Enum=Preserve;Ignore
type ClientIP string

const (
	// ClientIPPreserve skips the inbound ports.
	ClientIPPreserve ClientIP = "Preserve"
	// ClientIPIgnore leaves them to the proxy.
	ClientIPIgnore ClientIP = "Ignore"
)

// WorkloadReference names a workload.
type WorkloadReference struct {
	// kind of the workload.
	// +required
	// +kubebuilder:validation:Enum=Deployment;DaemonSet;StatefulSet
	Kind string `json:"kind"`

	// namespace of the workload.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace"`

	// name of the workload.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}
