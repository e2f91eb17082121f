// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/test/env"
)

// A real API server takes each example as it is, with no unknown field.
func TestExamplesAreAccepted(t *testing.T) {
	b := load(t, root+"/bundle")
	// The control plane looks for the CRDs in the working directory's module.
	t.Chdir(root)
	cluster, err := env.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	}()
	namespaces := map[string]bool{"": true}
	for _, cr := range examples(t, b) {
		if !namespaces[cr.GetNamespace()] {
			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: cr.GetNamespace()}}
			if err := cluster.Client.Create(t.Context(), namespace); err != nil {
				t.Fatal(err)
			}
			namespaces[cr.GetNamespace()] = true
		}
		if err := cluster.Client.Create(t.Context(), &cr, client.FieldValidation(metav1.FieldValidationStrict)); err != nil {
			t.Errorf("%s %s: %v", cr.GetKind(), cr.GetName(), err)
		}
	}
	for _, crd := range b.V1CRDs {
		err := cluster.Client.Create(t.Context(), crd, client.DryRunAll)
		if err == nil || !strings.Contains(err.Error(), "already exists") {
			t.Errorf("the bundle's %s was not installed with the control plane: %v", crd.Name, err)
		}
	}
}

// Every rule of the CRDs is one that the oldest Kubernetes that the bundle allows can
// compile. Rules cannot be turned off there: they are generally available since 1.29.
func TestRulesCompileOnTheOldestKubernetes(t *testing.T) {
	b := load(t, root+"/bundle")
	oldest := version.MustParse(b.CSV.Spec.MinKubeVersion)
	if oldest.LessThan(version.MustParse("1.29.0")) {
		t.Errorf("minKubeVersion is %s, where rules can be turned off", oldest)
	}
	for _, crd := range b.V1CRDs {
		for _, v := range crd.Spec.Versions {
			compiled, err := compile(v.Schema.OpenAPIV3Schema, oldest)
			if err != nil {
				t.Errorf("%s %s: %v", crd.Name, v.Name, err)
			}
			if compiled == 0 {
				t.Errorf("%s %s has no rule", crd.Name, v.Name)
			}
		}
	}
}

func TestNewerRulesDoNotCompileOnAnOldKubernetes(t *testing.T) {
	// ip() came with Kubernetes 1.31: kubernetes/kubernetes
	// staging/src/k8s.io/apiserver/pkg/cel/environment/base.go.
	newer := &apiextensionsv1.JSONSchemaProps{Type: "object", Properties: map[string]apiextensionsv1.JSONSchemaProps{
		"address": {Type: "string", XValidations: apiextensionsv1.ValidationRules{{Rule: "ip(self).family() == 4"}}},
	}}
	if _, err := compile(newer, version.MustParse("1.31.0")); err != nil {
		t.Errorf("on 1.31: %v", err)
	}
	if _, err := compile(newer, version.MustParse("1.29.0")); err == nil {
		t.Error("it compiles on 1.29")
	}
}

// compile compiles all rules of a schema as an API server of a version does for a new
// CRD, and returns how many there are.
func compile(root *apiextensionsv1.JSONSchemaProps, on *version.Version) (int, error) {
	internal := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(root, internal, nil); err != nil {
		return 0, err
	}
	structural, err := schema.NewStructural(internal)
	if err != nil {
		return 0, err
	}
	compiled, problems := 0, []error(nil)
	visitor := schema.Visitor{Structural: func(s *schema.Structural) bool {
		if len(s.XValidations) == 0 {
			return false
		}
		results, err := cel.Compile(s, model.SchemaDeclType(s, s.XEmbeddedResource), celconfig.PerCallLimit,
			environment.MustBaseEnvSet(on), cel.NewExpressionsEnvLoader())
		problems = append(problems, err)
		for i, r := range results {
			compiled++
			if r.Error != nil {
				problems = append(problems, fmt.Errorf("%s: %s", s.XValidations[i].Rule, r.Error.Detail))
			}
		}
		return false
	}}
	visitor.Visit(structural)
	return compiled, errors.Join(problems...)
}
