// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
)

// ClassSnapshot is what the pure path for a class may see of the cluster.
type ClassSnapshot struct {
	// Served are the kinds that the API server serves.
	Served providers.Served

	// ClusterDomain of Linkerd.
	ClusterDomain string

	// Read answers a provider's ClassReads. It never returns an error: what cannot be
	// read is not there. nil: nothing is there.
	Read func(providers.Read) []*unstructured.Unstructured
}

// ClassResult is the outcome for one MeshIngressClass.
type ClassResult struct {
	// Strategy in use, empty where none could be chosen.
	Strategy v1alpha1.Strategy

	// StrategyReason says why.
	StrategyReason string

	// Plan to apply; empty where there are errors, but for the vendor's notices.
	Plan providers.Plan

	// Input that the provider got, for what else it is asked about the class; empty
	// where no strategy could be chosen.
	Input providers.ClassInput

	// Rejected says why the class is not accepted; nil where it is.
	Rejected *Rejection
}

// Errors returns everything that is wrong.
func (r ClassResult) Errors() field.ErrorList {
	if r.Rejected == nil {
		return nil
	}
	return r.Rejected.Errors
}

// Class runs the path for one MeshIngressClass, without its data plane.
func Class(registry *providers.Registry, class *v1alpha1.MeshIngressClass, snap ClassSnapshot) ClassResult {
	provider, choice, err := choose(registry, class, snap.Served)
	if err != nil {
		return ClassResult{Rejected: classRejection(class, err)}
	}
	result := ClassResult{Strategy: choice.Strategy, StrategyReason: choice.Reason}
	result.Plan.Notices = provider.Describe().AllNotices()
	if errs := checkSelector(class); len(errs) > 0 {
		result.Rejected = &Rejection{v1alpha1.ReasonInvalid, errs}
		return result
	}
	result.Input = snap.input(provider, class, choice)
	translator, ok := provider.(providers.ClassTranslator)
	if !ok {
		return result
	}
	out, errs := translator.TranslateClass(result.Input)
	if len(errs) > 0 {
		result.Rejected = &Rejection{v1alpha1.ReasonInvalid, errs}
		return result
	}
	ClassOwner(class).Mark(out.Objects)
	out.Notices = append(append([]v1alpha1.Notice{}, result.Plan.Notices...), out.Notices...)
	result.Plan = out
	return result
}

func (snap ClassSnapshot) input(
	p providers.Provider, class *v1alpha1.MeshIngressClass, choice providers.StrategySupport,
) providers.ClassInput {
	in := providers.ClassInput{
		Class: ClassOf(class), Strategy: choice, ClusterDomain: snap.ClusterDomain, Served: snap.Served,
	}
	reader, ok := p.(providers.ClassReader)
	if !ok || snap.Read == nil {
		return in
	}
	var all []*unstructured.Unstructured
	for _, r := range reader.ClassReads(in) {
		all = append(all, snap.Read(r)...)
	}
	sortObjects(all)
	in.Objects = all
	return in
}

// Finder finds the objects that only a provider knows, whose annotations reach the
// pods of a class; nil where the provider knows none.
func Finder(p providers.Provider, result ClassResult) func(v1alpha1.InjectionTarget, injection.Workload) (*unstructured.Unstructured, []string, error) {
	finder, ok := p.(providers.TargetFinder)
	if !ok {
		return nil
	}
	return func(target v1alpha1.InjectionTarget, w injection.Workload) (*unstructured.Unstructured, []string, error) {
		return finder.InjectionTarget(result.Input, target, w.Facts())
	}
}

// GatewayController is the controller string of the GatewayClass of the class's Gateway;
// empty where the provider has not read both.
func GatewayController(result ClassResult) string {
	ref := result.Input.Class.Spec.GatewayRef
	if ref == nil {
		return ""
	}
	field := func(kind, namespace, name, field string) string {
		for _, obj := range result.Input.Objects {
			if obj.GroupVersionKind().Group == gatewayGroup && obj.GetKind() == kind && obj.GetNamespace() == namespace &&
				obj.GetName() == name {
				value, _, _ := unstructured.NestedString(obj.Object, "spec", field)
				return value
			}
		}
		return ""
	}
	return field("GatewayClass", "", field("Gateway", ref.Namespace, ref.Name, "gatewayClassName"), "controllerName")
}

// gatewayGroup is that of Gateway and GatewayClass.
const gatewayGroup = "gateway.networking.k8s.io"

// PodSpec are the fields that a class sets in the spec of pod templates; nil where the
// provider knows none.
func PodSpec(p providers.Provider, result ClassResult, projected bool) map[string]any {
	if s, ok := p.(providers.PodSpecifier); ok {
		return s.PodSpec(result.Input.Class, projected)
	}
	return nil
}

// DefaultClass is the class marked as the default; of several the oldest, then the
// first by name. Nil where none is.
func DefaultClass(classes []v1alpha1.MeshIngressClass) *v1alpha1.MeshIngressClass {
	var found *v1alpha1.MeshIngressClass
	for i := range classes {
		c := &classes[i]
		if c.Annotations[v1alpha1.DefaultClassAnnotation] != "true" || !c.DeletionTimestamp.IsZero() {
			continue
		}
		if found == nil || c.CreationTimestamp.Before(&found.CreationTimestamp) ||
			(c.CreationTimestamp.Equal(&found.CreationTimestamp) && c.Name < found.Name) {
			found = c
		}
	}
	return found
}
