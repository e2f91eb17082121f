// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Output is what the operator would do. Its JSON form is part of the command's
// interface: no list is ever null.
type Output struct {
	// MeshIngresses of the input, sorted by namespace and name.
	MeshIngresses []MeshIngress `json:"meshIngresses"`

	// Classes of the input, sorted by name.
	Classes []Class `json:"classes"`
}

// MeshIngress is what the operator would do for one MeshIngress.
type MeshIngress struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Plan      `json:",inline"`
}

// Class is what the operator would do for one MeshIngressClass; its patches
// include those of the controller's workloads.
type Class struct {
	Name string `json:"name"`
	Plan `json:",inline"`
}

// Plan is what a MeshIngress and a MeshIngressClass have in common.
type Plan struct {
	// Strategy in use, empty where none could be chosen.
	Strategy v1alpha1.Strategy `json:"strategy"`

	// StrategyReason says why.
	StrategyReason string `json:"strategyReason"`

	// Objects that would be generated, as they would be applied.
	Objects []map[string]any `json:"objects"`

	// Patches of objects that are not the operator's.
	Patches []Patch `json:"patches"`

	// Notices tell what the user should know and is no error.
	Notices []v1alpha1.Notice `json:"notices"`

	// Errors, for which nothing would be written.
	Errors []Error `json:"errors"`
}

// Patch is what would be applied to an object of somebody else, and nothing more.
type Patch struct {
	Target Target         `json:"target"`
	Fields map[string]any `json:"fields"`
}

// Target names the object of a Patch.
type Target struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// Error is one thing that is wrong.
type Error struct {
	// Field path, "spec.rules[0].host".
	Field string `json:"field"`

	// Type as field.ErrorType has it, "FieldValueInvalid".
	Type string `json:"type"`

	// Detail for people, worded as the API server would.
	Detail string `json:"detail"`
}

// Failed reports whether any plan holds an error.
func (o Output) Failed() bool {
	for _, m := range o.MeshIngresses {
		if len(m.Errors) > 0 {
			return true
		}
	}
	for _, c := range o.Classes {
		if len(c.Errors) > 0 {
			return true
		}
	}
	return false
}

func newPlan(strategy v1alpha1.Strategy, reason string, p providers.Plan, errs field.ErrorList) Plan {
	out := Plan{
		Strategy: strategy, StrategyReason: reason,
		Objects: objectsOf(p.Objects),
		Patches: make([]Patch, 0, len(p.Fields)),
		Notices: append([]v1alpha1.Notice{}, p.Notices...),
		Errors:  []Error{},
	}
	for _, f := range p.Fields {
		out.Patches = append(out.Patches, Patch{Target: targetOf(f.Target), Fields: f.Fields})
	}
	out.fail(errs...)
	return out
}

func (p *Plan) fail(errs ...*field.Error) {
	for _, e := range errs {
		p.Errors = append(p.Errors, Error{Field: e.Field, Type: string(e.Type), Detail: e.ErrorBody()})
	}
}

func objectsOf(objects []*unstructured.Unstructured) []map[string]any {
	out := make([]map[string]any, 0, len(objects))
	for _, obj := range objects {
		out = append(out, obj.Object)
	}
	return out
}

func targetOf(t providers.Target) Target {
	return Target{
		APIVersion: t.GroupVersion().String(), Kind: t.Kind,
		Namespace: t.Namespace, Name: t.Name,
	}
}
