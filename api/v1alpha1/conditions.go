// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Condition types. Each is set on the first reconcile, carries
// observedGeneration, and speaks of what was observed.
const (
	// ConditionAccepted says whether the object can be worked on at all.
	//
	// MeshIngress, True: Accepted. False: ClassNotFound, NamespaceNotAllowed,
	// Invalid, Unsupported, VendorNotServed, RouteTaken, TooManyObjects, Forbidden.
	// Unknown: Pending, LinkerdUnreadable.
	// MeshIngressClass, True: Accepted. False: Unsupported, VendorNotServed,
	// Invalid, Forbidden. Unknown: Pending, LinkerdUnreadable.
	ConditionAccepted = "Accepted"

	// ConditionResolvedRefs says whether every backend exists and can be meshed.
	//
	// True: ResolvedRefs. False: InvalidBackend. Unknown: Pending.
	ConditionResolvedRefs = "ResolvedRefs"

	// ConditionProgrammed says whether the generated objects are in the cluster
	// as they should be.
	//
	// True: Programmed. False: ObjectConflict, FieldConflict, Forbidden,
	// ApplyFailed, NotAccepted. Unknown: Pending, Moving, ProxyModePending,
	// LinkerdUnreadable.
	ConditionProgrammed = "Programmed"

	// ConditionDiscovered says whether the data plane was found.
	//
	// True: Discovered. False: WorkloadNotFound, AmbiguousWorkload,
	// ServiceNotFound, PortUnresolved, ControllerMismatch, DataPlaneOutsideCluster.
	// Unknown: Pending.
	ConditionDiscovered = "Discovered"

	// ConditionMeshed says whether the pods of the data plane are in the mesh, in
	// the mode that the strategy needs.
	//
	// True: Meshed. False: NotInjected, InjectionBlocked, FieldConflict,
	// Contested, Forbidden, ApplyFailed, LinkerdNotFound, NoPods,
	// RolloutInProgress, RolloutStuck, RoutesNotReady, Audit, Ignored,
	// DataPlaneOutsideCluster.
	// Unknown: Pending, Forbidden, ApplyFailed, LinkerdUnreadable, Ignored.
	ConditionMeshed = "Meshed"

	// ConditionAuthorized says whether the backends take requests from whom
	// spec.authorization allows, and from nobody else where it says Enforce. It is
	// there only while the MeshIngress has spec.authorization.
	//
	// True: Authorized. False: NotMeshed, PolicyNotServed, NamespaceNotAllowed,
	// InvalidBackend, PortSkipped, OtherClients, PolicyExists, NotInjected,
	// TooManyObjects, ObjectConflict, Forbidden, ApplyFailed. Unknown: Pending.
	ConditionAuthorized = "Authorized"

	// ConditionReady is the summary: every other condition holds. Where one does
	// not, the reason and the message are those of the first.
	//
	// True: Ready. False: Releasing.
	ConditionReady = "Ready"

	// ConditionConflicted is there only while an object or a field that is
	// needed belongs to somebody else.
	//
	// True: ObjectConflict, FieldConflict, Contested.
	ConditionConflicted = "Conflicted"

	// ConditionRelayExposed is there only while routes of a controller in
	// ingress mode let a client choose the Service that a request goes to.
	//
	// True: UncoveredRoutes.
	ConditionRelayExposed = "RelayExposed"

	// ConditionHazard is there only while something may harm traffic, although
	// nothing is wrong with the object itself. The reason is that of the first, and
	// the message has the remedies.
	//
	// True: JobsHang, ClientAddressLost, StickySessions, InboundPolicyDenies,
	// AdmissionDenied.
	ConditionHazard = "Hazard"
)

// Reasons of conditions.
const (
	ReasonAccepted            = "Accepted"
	ReasonResolvedRefs        = "ResolvedRefs"
	ReasonProgrammed          = "Programmed"
	ReasonDiscovered          = "Discovered"
	ReasonMeshed              = "Meshed"
	ReasonAuthorized          = "Authorized"
	ReasonReady               = "Ready"
	ReasonPending             = "Pending"
	ReasonClassNotFound       = "ClassNotFound"
	ReasonNamespaceNotAllowed = "NamespaceNotAllowed"
	ReasonInvalid             = "Invalid"
	ReasonUnsupported         = "Unsupported"
	ReasonRouteTaken          = "RouteTaken"
	ReasonTooManyObjects      = "TooManyObjects"
	ReasonInvalidBackend      = "InvalidBackend"
	ReasonVendorNotServed     = "VendorNotServed"
	ReasonNotAccepted         = "NotAccepted"
	ReasonObjectConflict      = "ObjectConflict"
	ReasonFieldConflict       = "FieldConflict"
	ReasonContested           = "Contested"
	ReasonForbidden           = "Forbidden"
	ReasonApplyFailed         = "ApplyFailed"
	ReasonWorkloadNotFound    = "WorkloadNotFound"
	ReasonAmbiguousWorkload   = "AmbiguousWorkload"
	ReasonServiceNotFound     = "ServiceNotFound"
	ReasonPortUnresolved      = "PortUnresolved"
	ReasonNotInjected         = "NotInjected"
	ReasonInjectionBlocked    = "InjectionBlocked"
	ReasonLinkerdNotFound     = "LinkerdNotFound"
	ReasonLinkerdUnreadable   = "LinkerdUnreadable"
	ReasonNoPods              = "NoPods"
	ReasonRolloutInProgress   = "RolloutInProgress"
	ReasonRolloutStuck        = "RolloutStuck"
	ReasonControllerMismatch  = "ControllerMismatch"
	ReasonRoutesNotReady      = "RoutesNotReady"
	ReasonAudit               = "Audit"
	ReasonIgnored             = "Ignored"
	ReasonUncoveredRoutes     = "UncoveredRoutes"
	ReasonJobsHang            = "JobsHang"
	ReasonClientAddressLost   = "ClientAddressLost"
	ReasonStickySessions      = "StickySessions"
	ReasonInboundPolicyDenies = "InboundPolicyDenies"
	ReasonAdmissionDenied     = "AdmissionDenied"
	ReasonNotMeshed           = "NotMeshed"
	ReasonPolicyNotServed     = "PolicyNotServed"
	ReasonPolicyExists        = "PolicyExists"
	ReasonOtherClients        = "OtherClients"
	ReasonPortSkipped         = "PortSkipped"
	ReasonReleasing           = "Releasing"
	ReasonMoving              = "Moving"
	ReasonProxyModePending    = "ProxyModePending"

	ReasonDataPlaneOutsideCluster = "DataPlaneOutsideCluster"
)
