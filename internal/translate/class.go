// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// ClassResult is the outcome for one MeshIngressClass.
type ClassResult struct {
	// Strategy in use, empty where none could be chosen.
	Strategy v1alpha1.Strategy

	// StrategyReason says why.
	StrategyReason string

	// Plan to apply; empty where there are errors, but for the vendor's notices.
	Plan providers.Plan

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
func Class(
	registry *providers.Registry, class *v1alpha1.MeshIngressClass, served providers.Served, clusterDomain string,
) ClassResult {
	provider, choice, err := choose(registry, class, served)
	if err != nil {
		return ClassResult{Rejected: classRejection(class, err)}
	}
	result := ClassResult{Strategy: choice.Strategy, StrategyReason: choice.Reason}
	result.Plan.Notices = provider.Describe().Notices
	if errs := checkSelector(class); len(errs) > 0 {
		result.Rejected = &Rejection{v1alpha1.ReasonInvalid, errs}
		return result
	}
	translator, ok := provider.(providers.ClassTranslator)
	if !ok {
		return result
	}
	out, errs := translator.TranslateClass(providers.ClassInput{
		Class: ClassOf(class), Strategy: choice, ClusterDomain: clusterDomain,
	})
	if len(errs) > 0 {
		result.Rejected = &Rejection{v1alpha1.ReasonInvalid, errs}
		return result
	}
	ClassOwner(class).Mark(out.Objects)
	out.Notices = append(append([]v1alpha1.Notice{}, result.Plan.Notices...), out.Notices...)
	result.Plan = out
	return result
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
