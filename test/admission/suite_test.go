// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
)

// propagation is what the API server gets to take notice of a role or a policy.
const propagation = time.Minute

// The policies, by their files in config/admission.
const (
	rightsPolicy  = "meshingress-class-rights"
	retiredPolicy = "meshingress-class-retired"
)

func TestAdmission(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(propagation)
	RunSpecs(t, "Admission")
}

var testEnv *env.Environment

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	// kube-controller-manager checks the types of the policies.
	testEnv, err = env.Start(ctx, env.WithControllerManager())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
	for _, namespace := range []string{"team", "platform"} {
		Expect(testEnv.Client.Create(ctx, builders.Namespace(namespace))).To(Succeed())
	}
	install(ctx, "class_rights.yaml", "class_retired.yaml")

	// The API server looks at a policy some time after it was created.
	stranger := newUser(ctx)
	Eventually(func() error { return create(ctx, stranger, traefik(stranger.workload())) }).
		Should(BeRefused("spec.dataPlane.workloads[0]"))
	Eventually(func() []string { return warningsFor(ctx, builders.Class("canary", v1alpha1.VendorTraefikV1)) }).
		ShouldNot(BeEmpty())
})

// install applies files of config/admission as they are.
func install(ctx context.Context, files ...string) {
	GinkgoHelper()
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join("..", "..", "config", "admission", file))
		Expect(err).NotTo(HaveOccurred())
		for _, document := range bytes.Split(content, []byte("\n---\n")) {
			object := &unstructured.Unstructured{}
			Expect(yaml.Unmarshal(document, &object.Object)).To(Succeed())
			Expect(testEnv.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object),
				client.FieldOwner("test-admission"), client.ForceOwnership)).To(Succeed())
		}
	}
}

// create asks whether a user may create a class, and stores nothing.
func create(ctx context.Context, u *user, class *v1alpha1.MeshIngressClass) error {
	return u.Create(ctx, class.DeepCopy(), client.DryRunAll)
}

// warningsFor are the warnings that an administrator gets on creating a class.
func warningsFor(ctx context.Context, class *v1alpha1.MeshIngressClass) []string {
	GinkgoHelper()
	var warnings recorder
	Expect(warned(&warnings).Create(ctx, class.DeepCopy(), client.DryRunAll)).To(Succeed())
	return warnings
}

// warned is an administrator's client whose warnings are recorded.
func warned(warnings *recorder) client.Client {
	GinkgoHelper()
	config := rest.CopyConfig(testEnv.Config)
	config.WarningHandlerWithContext = warnings
	c, err := client.New(config, client.Options{Scheme: testEnv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// recorder remembers the warnings of the API server.
type recorder []string

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (r *recorder) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	*r = append(*r, text)
}

var _ = DescribeTable("A policy has no expression that does not fit the kind", func(ctx SpecContext, name string) {
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{}
	Eventually(func(g Gomega) {
		g.Expect(testEnv.Client.Get(ctx, client.ObjectKey{Name: name}, policy)).To(Succeed())
		g.Expect(policy.Status.ObservedGeneration).To(Equal(policy.Generation), "kube-controller-manager has not looked yet")
	}).Should(Succeed())
	Expect(policy.Status.TypeChecking).NotTo(BeNil())
	Expect(policy.Status.TypeChecking.ExpressionWarnings).To(BeEmpty())

	By("saying what to do, and where")
	for _, v := range policy.Spec.Validations {
		Expect(v.Message + v.MessageExpression).To(ContainSubstring("spec."))
	}
	Expect(slices.ContainsFunc(policy.Spec.MatchConstraints.ResourceRules,
		func(r admissionregistrationv1.NamedRuleWithOperations) bool {
			return slices.Contains(r.Operations, admissionregistrationv1.Delete)
		})).To(BeFalse(), "a deletion may be refused")
},
	Entry(nil, rightsPolicy),
	Entry(nil, retiredPolicy),
)
