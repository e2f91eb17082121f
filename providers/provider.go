// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Provider translates for one vendor. Its methods are deterministic and do not
// change what they are given.
type Provider interface {
	// Describe returns the static facts about the vendor.
	Describe() Description

	// Reads lists what Translate wants to see of the cluster. It is asked after
	// the strategy is chosen and before Objects of the Input are filled.
	Reads(in Input) []Read

	// Translate turns routes into the vendor's objects. Each error names the
	// field of the MeshIngress that cannot be translated, and the remedy; with
	// errors the Plan is not used.
	Translate(in Input) (Plan, field.ErrorList)
}

// ClassTranslator is a Provider whose class needs something once, for all of its
// routes: a global setting of the controller, say.
type ClassTranslator interface {
	// TranslateClass returns what the class needs. Each error names a field of
	// the MeshIngressClass.
	TranslateClass(in ClassInput) (Plan, field.ErrorList)
}

// Observer is a Provider whose vendor writes a verdict on the routes into their
// status.
type Observer interface {
	// Observe reads the verdict on one generated object, as it is in the cluster.
	Observe(obj *unstructured.Unstructured) Verdict
}

// RelayAuditor is a Provider that can tell which routes of others are open to a
// client's own l5d-dst-override while the controller is in ingress mode.
type RelayAuditor interface {
	// Exposed reports whether a route object, of one of Describe().Routes, is
	// served by the class and lets a client's header through.
	Exposed(class Class, obj *unstructured.Unstructured) bool
}

// Verdict is what a vendor says of an object in its status.
type Verdict struct {
	State   VerdictState
	Message string // what the vendor says, when it rejects
}

// VerdictState is the outcome of a Verdict.
type VerdictState int

const (
	// VerdictNone means that the vendor has said nothing (yet).
	VerdictNone VerdictState = iota
	// VerdictAccepted means that the vendor serves the object.
	VerdictAccepted
	// VerdictRejected means that the vendor refuses the object.
	VerdictRejected
)
