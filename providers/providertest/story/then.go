// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// Failure is what callers rely on in an error: what is wrong, and where.
type Failure struct {
	Type  field.ErrorType
	Field string
}

// Invalid is the failure of a field with a value that cannot be translated.
func Invalid(at string) Failure { return Failure{field.ErrorTypeInvalid, at} }

// Forbidden is the failure of a field that must not be there.
func Forbidden(at string) Failure { return Failure{field.ErrorTypeForbidden, at} }

// Duplicate is the failure of a field whose value is somewhere else already.
func Duplicate(at string) Failure { return Failure{field.ErrorTypeDuplicate, at} }

// Required is the failure of a field that must be there.
func Required(at string) Failure { return Failure{field.ErrorTypeRequired, at} }

// TooMany is the failure of a list that is too long.
func TooMany(at string) Failure { return Failure{field.ErrorTypeTooMany, at} }

// Failures are those of Translate, in their order; see FailuresOf.
func Failures(t *testing.T, p providers.Provider, in providers.Input) []Failure {
	t.Helper()
	_, errs := p.Translate(in)
	return FailuresOf(t, errs)
}

// FailuresOf are errors, in their order. Each must name a remedy.
func FailuresOf(t *testing.T, errs field.ErrorList) []Failure {
	t.Helper()
	var all []Failure
	for _, err := range errs {
		if err.Detail == "" {
			t.Errorf("%v has no remedy", err)
		}
		all = append(all, Failure{err.Type, err.Field})
	}
	return all
}

// Translate returns the plan. The test ends where there are errors.
func Translate(t *testing.T, p providers.Provider, in providers.Input) providers.Plan {
	t.Helper()
	plan, errs := p.Translate(in)
	if len(errs) > 0 {
		t.Fatalf("Translate: %v", errs.ToAggregate())
	}
	return plan
}

// Reasons are those of notices, in their order.
func Reasons(notices []v1alpha1.Notice) []string {
	var all []string
	for _, n := range notices {
		all = append(all, n.Reason)
	}
	return all
}

// Typed turns an object of a plan into its type. The test ends where the type has not all
// of the object's fields.
func Typed[T any](t *testing.T, obj *unstructured.Unstructured) *T {
	t.Helper()
	typed := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, typed, true); err != nil {
		t.Fatalf("%s %s is no %T: %v", obj.GetKind(), obj.GetName(), typed, err)
	}
	return typed
}

// Diff fails the test where want and got are not the same.
func Diff[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// OnlyWay fails the test unless a provider needs a CRD, and with what it needs has one
// strategy: the one that Auto chooses, and no other.
func OnlyWay(t *testing.T, p providers.Provider, strategy v1alpha1.Strategy) {
	t.Helper()
	d := p.Describe()
	served := providers.Served{}
	if _, err := providers.ChooseStrategy(d, providers.Wish{Routing: v1alpha1.RoutingAuto}, served); err == nil {
		t.Error("a strategy was chosen although no CRD is served")
	}
	for _, k := range d.Needs() {
		served[k] = true
	}
	s, err := providers.ChooseStrategy(d, providers.Wish{Routing: v1alpha1.RoutingAuto}, served)
	if err != nil {
		t.Fatalf("choosing with the CRDs served: %v", err)
	}
	Diff(t, "strategy of Auto", strategy, s.Strategy)
	for _, routing := range []v1alpha1.Routing{v1alpha1.RoutingClusterIP, v1alpha1.RoutingHeader} {
		_, err := providers.ChooseStrategy(d, providers.Wish{Routing: routing}, served)
		if wanted := string(routing) == string(strategy); (err == nil) != wanted {
			t.Errorf("routing %s: offered %t, want %t (%v)", routing, err == nil, wanted, err)
		}
	}
}
