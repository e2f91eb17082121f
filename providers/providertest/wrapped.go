// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// wrapped is a provider that another type changes by embedding it. It answers for
// the optional interfaces that decide on a plan, which an embedded
// providers.Provider alone would hide.
type wrapped struct{ providers.Provider }

var (
	_ providers.ClassTranslator = wrapped{}
	_ providers.ClassReader     = wrapped{}
	_ providers.FormChooser     = wrapped{}
	_ providers.TargetFinder    = wrapped{}
	_ providers.PodSpecifier    = wrapped{}
)

// TranslateClass implements providers.ClassTranslator. The plan is empty where the
// provider is none.
func (p wrapped) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	if t, ok := p.Provider.(providers.ClassTranslator); ok {
		return t.TranslateClass(in)
	}
	return providers.Plan{}, nil
}

// ClassReads implements providers.ClassReader. It is empty where the provider is none.
func (p wrapped) ClassReads(in providers.ClassInput) []providers.Read {
	if r, ok := p.Provider.(providers.ClassReader); ok {
		return r.ClassReads(in)
	}
	return nil
}

// Form implements providers.FormChooser. It is empty where the provider is none,
// which says the same.
func (p wrapped) Form(class providers.Class) string {
	if c, ok := p.Provider.(providers.FormChooser); ok {
		return c.Form(class)
	}
	return ""
}

// InjectionTarget implements providers.TargetFinder. It fails where the provider is
// none; nothing asks then, because its DataPlane has no such target.
func (p wrapped) InjectionTarget(
	in providers.ClassInput, target v1alpha1.InjectionTarget, workload providers.WorkloadFacts,
) (*unstructured.Unstructured, []string, error) {
	if f, ok := p.Provider.(providers.TargetFinder); ok {
		return f.InjectionTarget(in, target, workload)
	}
	return nil, nil, fmt.Errorf("the provider finds no %s", target)
}

// PodSpec implements providers.PodSpecifier. It is nil where the provider is none.
func (p wrapped) PodSpec(class providers.Class, projected bool) map[string]any {
	if s, ok := p.Provider.(providers.PodSpecifier); ok {
		return s.PodSpec(class, projected)
	}
	return nil
}

// Altered is the provider with other plans: change is called with each plan for a
// MeshIngress. It shows that a check would find a provider that plans so.
func Altered(p providers.Provider, change func(*providers.Plan)) providers.Provider {
	return altered{wrapped{p}, change}
}

type altered struct {
	wrapped
	change func(*providers.Plan)
}

// Translate implements providers.Provider.
func (p altered) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	plan, errs := p.wrapped.Translate(in)
	p.change(&plan)
	return plan, errs
}
