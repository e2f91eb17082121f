// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// The resources of the two kinds.
const (
	meshIngresses      = "meshingresses"
	meshIngressClasses = "meshingressclasses"
)

func readCRD(ctx context.Context, resource string) *apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	key := client.ObjectKey{Name: resource + "." + v1alpha1.GroupName}
	Expect(testEnv.Client.Get(ctx, key, crd)).To(Succeed())
	return crd
}

// rule is one validation rule: where in the schema it is, and what it says.
type rule struct{ path, message string }

// rulesOf collects the rules of a schema and of all below it.
func rulesOf(path string, schema *apiextensionsv1.JSONSchemaProps) []rule {
	var rules []rule
	for _, r := range schema.XValidations {
		rules = append(rules, rule{path, r.Message})
	}
	for name, property := range schema.Properties {
		below := name
		if path != "" {
			below = path + "." + name
		}
		rules = append(rules, rulesOf(below, &property)...)
	}
	if schema.Items != nil {
		rules = append(rules, rulesOf(path+"[]", schema.Items.Schema)...)
	}
	if schema.AdditionalProperties != nil {
		rules = append(rules, rulesOf(path+"[]", schema.AdditionalProperties.Schema)...)
	}
	return rules
}

// provoked lists the cases that end at the schema of a rule, with their messages.
func provoked[T client.Object](cases []rejection[T]) []rule {
	var rules []rule
	for _, c := range cases {
		rules = append(rules, rule{schemaPath(c.field), c.message})
	}
	return rules
}

var _ = Describe("The CRDs", func() {
	DescribeTable("have no validation rule that is not provoked above",
		func(ctx SpecContext, resource string, cases []rule) {
			rules := rulesOf("", readCRD(ctx, resource).Spec.Versions[0].Schema.OpenAPIV3Schema)
			Expect(rules).NotTo(BeEmpty())
			for _, r := range rules {
				Expect(r.message).NotTo(BeEmpty(), "the rule at %s has no message", r.path)
				Expect(cases).To(ContainElement(Satisfy(func(c rule) bool {
					return c.path == r.path && strings.Contains(r.message, c.message)
				})), "no case provokes %q at %s", r.message, r.path)
			}
		},
		Entry("of MeshIngress", meshIngresses, provoked(meshIngressRejections())),
		Entry("of MeshIngressClass", meshIngressClasses, provoked(append(classRejections(), vendorRejections()...))),
	)
})
