// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
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

// ClassReader is a Provider whose class depends on what is in the cluster.
type ClassReader interface {
	// ClassReads lists what TranslateClass and InjectionTarget want to see, of kinds
	// that are served. It is asked after the strategy is chosen and before Objects of
	// the ClassInput are filled.
	ClassReads(in ClassInput) []Read
}

// FormChooser is a Provider whose class chooses among ways that do the same with
// other objects.
type FormChooser interface {
	// Form is the StrategySupport.Form that the class asks for, with defaults filled
	// in. Ways without Form are open to every class.
	Form(class Class) string
}

// TargetFinder is a Provider that knows objects, beside workloads and Namespaces,
// whose annotations reach the pods of the data plane.
type TargetFinder interface {
	// InjectionTarget returns the object for one of DataPlane.Targets, as
	// ClassInput.Objects holds it, and the path of the map of annotations in it. The
	// error is for the class's status and names the remedy.
	InjectionTarget(
		in ClassInput, target v1alpha1.InjectionTarget, workload WorkloadFacts,
	) (obj *unstructured.Unstructured, path []string, err error)
}

// WorkloadFacts are what a TargetFinder may see of the workload that it finds the
// target for.
type WorkloadFacts struct {
	// Kind is Deployment, DaemonSet or StatefulSet.
	Kind string

	// Namespace and Name of the workload.
	Namespace, Name string

	// Labels of its pod template.
	Labels map[string]string

	// Owner is the object whose controller generates the workload; nil where there is
	// none.
	Owner *metav1.OwnerReference
}

// PodSpecifier is a Provider whose class sets fields of the pod template beside the
// annotations for Linkerd's injector.
type PodSpecifier interface {
	// PodSpec returns them in the shape of a PodSpec; nil where there are none. Projected
	// reports whether Linkerd projects a service account token into each pod. Where
	// serviceAccountName names a ServiceAccount that does not exist, one is made.
	PodSpec(class Class, projected bool) map[string]any
}

// Observer is a Provider whose vendor writes a verdict on the routes into their
// status.
type Observer interface {
	// Observe reads the verdict on one generated object, as it is in the cluster. An
	// object of which the vendor never says anything is accepted: a MeshIngress that
	// moves to the vendor waits for each.
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
