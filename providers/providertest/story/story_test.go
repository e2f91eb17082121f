// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package story_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// vendor refuses what it is told to, and has one way.
type vendor struct {
	providers.Provider
	errs field.ErrorList
}

func (vendor) Describe() providers.Description {
	return providers.Description{Strategies: []providers.StrategySupport{
		{Strategy: v1alpha1.StrategyHeader}, {Strategy: v1alpha1.StrategyHeader, Form: "Ingress", OptIn: true},
	}}
}

func (v vendor) Translate(providers.Input) (providers.Plan, field.ErrorList) {
	return providers.Plan{Notices: []v1alpha1.Notice{{Reason: "One"}, {Reason: "Two"}}}, v.errs
}

func TestWhatComesOfIt(t *testing.T) {
	in := story.Input(providers.Class{}, story.Way(vendor{}, v1alpha1.StrategyHeader, ""))
	plan := story.Translate(t, vendor{}, in)
	story.Diff(t, "reasons", []string{"One", "Two"}, story.Reasons(plan.Notices))
	story.Diff(t, "no failures", nil, story.Failures(t, vendor{}, in))

	at := field.NewPath("spec")
	v := vendor{errs: field.ErrorList{
		field.Invalid(at, "", "correct it"), field.Forbidden(at, "remove it"), field.Required(at, "add it"),
	}}
	want := []story.Failure{story.Invalid("spec"), story.Forbidden("spec"), story.Required("spec")}
	story.Diff(t, "failures", want, story.Failures(t, v, in))
}

func TestWay(t *testing.T) {
	for form, want := range map[string]bool{"": false, "Ingress": true, "HTTPRoute": false} {
		if got := story.Way(vendor{}, v1alpha1.StrategyHeader, form); got.OptIn != want {
			t.Errorf("form %q: got %+v", form, got)
		}
	}
}

func TestNamed(t *testing.T) {
	plain := story.Prefix("a.io", "/b")
	named := story.Named(plain)
	story.Diff(t, "route", "a.io/b (Prefix)", named.Field.String())
	story.Diff(t, "backend", "web-svc", named.Backends[0].Field.String())
	story.Diff(t, "the plain one", "spec.rules[0].paths[0].backends[0].service", plain.Backends[0].Field.String())
}

func TestObjectsAreAsTheClusterReturnsThem(t *testing.T) {
	got := story.Object(t, "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}")
	ports, _, err := unstructured.NestedSlice(got.Object, "spec", "ports")
	if err != nil || len(ports) != 1 {
		t.Fatalf("%v, %v", ports, err)
	}
	story.Diff(t, "port", any(int64(80)), ports[0].(map[string]any)["port"])
}
