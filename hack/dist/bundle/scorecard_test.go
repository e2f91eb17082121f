// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"testing"

	"github.com/operator-framework/api/pkg/manifests"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The checks that operator-sdk's scorecard has built in and that config/scorecard asks
// for, over every bundle: operator-framework/operator-sdk
// internal/scorecard/tests/{basic,olm}.go. Its olm-bundle-validation is
// TestBundlesAreValid; opm reads the layout in `make catalog`.
func TestScorecard(t *testing.T) {
	for _, dir := range bundles(t) {
		b := load(t, dir)
		t.Run(b.Name+" basic-check-spec", func(t *testing.T) {
			for _, cr := range examples(t, b) {
				if cr.Object["spec"] == nil {
					t.Errorf("%s has no spec", cr.GetName())
				}
			}
		})
		t.Run(b.Name+" olm-crds-have-validation", func(t *testing.T) { crdsHaveValidation(t, b) })
		t.Run(b.Name+" olm-crds-have-resources", func(t *testing.T) {
			for _, owned := range b.CSV.Spec.CustomResourceDefinitions.Owned {
				if len(owned.Resources) == 0 {
					t.Errorf("%s names no resources", owned.Name)
				}
			}
		})
		t.Run(b.Name+" olm-spec-descriptors", func(t *testing.T) { specIsDescribed(t, b) })
		t.Run(b.Name+" olm-status-descriptors", func(t *testing.T) {
			for _, owned := range b.CSV.Spec.CustomResourceDefinitions.Owned {
				if len(owned.StatusDescriptors) == 0 {
					t.Errorf("%s describes nothing of its status", owned.Name)
				}
			}
		})
	}
}

// crdsHaveValidation expects the schema to know each field of an example.
func crdsHaveValidation(t *testing.T, b *manifests.Bundle) {
	t.Helper()
	for _, cr := range examples(t, b) {
		root := schemaOf(t, b, cr)
		for _, part := range []string{"spec", "status"} {
			fields, _, err := unstructured.NestedMap(cr.Object, part)
			if err != nil {
				t.Fatal(err)
			}
			for name := range fields {
				if _, ok := root.Properties[part].Properties[name]; !ok {
					t.Errorf("the schema of %s has no %s.%s", cr.GetKind(), part, name)
				}
			}
		}
	}
}

// specIsDescribed expects a descriptor for each field of an example.
func specIsDescribed(t *testing.T, b *manifests.Bundle) {
	t.Helper()
	for _, cr := range examples(t, b) {
		described := map[string]bool{}
		for _, d := range ownedOf(t, b, cr).SpecDescriptors {
			described[d.Path] = true
		}
		for name := range cr.Object["spec"].(map[string]any) {
			if !described[name] {
				t.Errorf("%s %s: spec.%s is not described", cr.GetKind(), cr.GetName(), name)
			}
		}
	}
}

func examples(t *testing.T, b *manifests.Bundle) []unstructured.Unstructured {
	t.Helper()
	var objects []map[string]any
	if err := json.Unmarshal([]byte(b.CSV.Annotations["alm-examples"]), &objects); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	var result []unstructured.Unstructured
	for _, obj := range objects {
		result = append(result, unstructured.Unstructured{Object: obj})
		kinds[result[len(result)-1].GetKind()] = true
	}
	if !kinds["MeshIngress"] || !kinds["MeshIngressClass"] {
		t.Fatalf("the examples are of %v, not of both kinds", kinds)
	}
	return result
}

func ownedOf(t *testing.T, b *manifests.Bundle, cr unstructured.Unstructured) operatorsv1alpha1.CRDDescription {
	t.Helper()
	for _, owned := range b.CSV.Spec.CustomResourceDefinitions.Owned {
		if owned.Kind == cr.GetKind() && owned.Version == cr.GroupVersionKind().Version {
			return owned
		}
	}
	t.Fatalf("no CRD is owned for %s", cr.GroupVersionKind())
	return operatorsv1alpha1.CRDDescription{}
}

func schemaOf(t *testing.T, b *manifests.Bundle, cr unstructured.Unstructured) *apiextensionsv1.JSONSchemaProps {
	t.Helper()
	for _, crd := range b.V1CRDs {
		for _, v := range crd.Spec.Versions {
			if crd.Spec.Names.Kind == cr.GetKind() && v.Name == cr.GroupVersionKind().Version {
				return v.Schema.OpenAPIV3Schema
			}
		}
	}
	t.Fatalf("there is no CRD for %s", cr.GroupVersionKind())
	return nil
}
