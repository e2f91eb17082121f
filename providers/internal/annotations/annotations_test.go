// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package annotations_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
)

func TestCheck(t *testing.T) {
	refusals := append(annotations.ClassRefusal("box.io/class"),
		annotations.Refusal{Key: "box.io/header", Remedy: "is the operator's"},
		annotations.Refusal{Key: "box.io/sticky-*", Remedy: "has no effect"},
		annotations.Refusal{Key: "*/rewrite", Remedy: "leads elsewhere"},
		annotations.Refusal{Key: "box.io/*", Remedy: "is not known"},
	)
	for key, want := range map[string]string{
		"example.com/a":                      "",
		"kubernetes.io/ingress.class":        "names the class, which the MeshIngressClass does: set spec.className",
		"kubernetes.io/ingress.class2":       "",
		"box.io/class":                       "names the class, which the MeshIngressClass does: set spec.className",
		"box.io/header":                      "is the operator's",
		"box.io/sticky-cookie":               "has no effect",
		"any.io/rewrite":                     "leads elsewhere",
		"any.io/rewrite-target":              "",
		"box.io/sticky":                      "is not known",
		"not.box.io/header":                  "",
		"box.io/rewrite":                     "leads elsewhere",
		"cert-manager.io/cluster-issuer-box": "",
	} {
		t.Run(key, func(t *testing.T) {
			errs := annotations.Check(providers.Input{Annotations: map[string]string{key: "x"}}, refusals)
			switch {
			case want == "" && len(errs) > 0:
				t.Errorf("refused: %v", errs)
			case want != "" && (len(errs) != 1 || errs[0].Detail != want):
				t.Errorf("got %v, want one error with %q", errs, want)
			case want != "" && (errs[0].Field != "spec.template.annotations["+key+"]" || errs[0].Type != field.ErrorTypeForbidden):
				t.Errorf("got %s %s", errs[0].Field, errs[0].Type)
			}
		})
	}
}

func TestCheckIsInTheOrderOfKeys(t *testing.T) {
	in := providers.Input{Annotations: map[string]string{"c": "", "a": "", "b": "", "d": ""}}
	refusals := []annotations.Refusal{{Key: "d"}, {Key: "b"}, {Key: "a"}, {Key: "b"}}
	for range 10 {
		var got []string
		for _, err := range annotations.Check(in, refusals) {
			got = append(got, err.Field)
		}
		want := []string{"spec.template.annotations[a]", "spec.template.annotations[b]", "spec.template.annotations[d]"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestWith(t *testing.T) {
	users := map[string]string{"a": "user", "b": "user"}
	own := map[string]string{"b": "ours", "c": "ours"}
	got := annotations.With(providers.Input{Annotations: users}, own)
	if diff := cmp.Diff(map[string]string{"a": "user", "b": "ours", "c": "ours"}, got); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	got["a"] = "spoilt"
	if users["a"] != "user" || len(own) != 2 {
		t.Errorf("the template holds %v, and ours are %v", users, own)
	}
}
