// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// paste does what the condition Discovered says: it sets the YAML in its message, with
// placeholders filled in, on the class.
func paste(ctx SpecContext, class *v1alpha1.MeshIngressClass, fill ...string) {
	GinkgoHelper()
	condition := meta.FindStatusCondition(latest(ctx, class).Status.Conditions, v1alpha1.ConditionDiscovered)
	Expect(condition).NotTo(BeNil())
	_, text, found := strings.Cut(condition.Message, "spec: {")
	Expect(found).To(BeTrue(), condition.Message)
	patch, err := yaml.YAMLToJSON([]byte("spec: {" + strings.NewReplacer(fill...).Replace(text)))
	Expect(err).NotTo(HaveOccurred(), condition.Message)
	Expect(testEnv.Client.Patch(ctx, latest(ctx, class), client.RawPatch(types.MergePatchType, patch))).To(Succeed())
}

var _ = Describe("What the condition Discovered says to write", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
	})

	// copied makes one more Deployment of Traefik. A name may look like a number or a bool.
	copied := func(ctx SpecContext, name string) v1alpha1.WorkloadReference {
		GinkgoHelper()
		second := latest(ctx, deployment(traefikWorkload))
		second.ObjectMeta = metav1.ObjectMeta{Namespace: "traefik", Name: name}
		expect.ExpectApplied(ctx, testEnv.Client, second)
		return v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "traefik", Name: name}
	}

	DescribeTable("works where there are two workloads", func(ctx SpecContext, name string) {
		second := copied(ctx, name)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, metav1.ConditionFalse,
			v1alpha1.ReasonAmbiguousWorkload)
		paste(ctx, class)
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, metav1.ConditionTrue, v1alpha1.ReasonDiscovered)
		for _, w := range []v1alpha1.WorkloadReference{traefikWorkload, second} {
			Expect(linkerdAnnotations(ctx, w)).To(HaveKeyWithValue(inject, "enabled"), w.Name)
		}
	},
		Entry("with a name", "second"),
		Entry("with a number", "123"),
		Entry("with a number in scientific form", "1e3"),
		Entry("with a word of YAML", "true"),
		Entry("with an old word of YAML", "on"),
		Entry("with a date", "2026-01-01"),
	)

	It("works where there is none", func(ctx SpecContext) {
		edited := latest(ctx, deployment(traefikWorkload))
		Expect(testEnv.Client.Delete(ctx, edited)).To(Succeed())
		edited.ObjectMeta = metav1.ObjectMeta{Namespace: "traefik", Name: "renamed"}
		edited.Spec.Selector.MatchLabels = map[string]string{"app": "edge"}
		edited.Spec.Template.Labels = map[string]string{"app": "edge"}
		expect.ExpectApplied(ctx, testEnv.Client, edited)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, metav1.ConditionFalse,
			v1alpha1.ReasonWorkloadNotFound)
		paste(ctx, class, "<namespace>", "traefik", "<name>", "renamed")
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, metav1.ConditionTrue, v1alpha1.ReasonDiscovered)
		Expect(latest(ctx, class).Status.Workloads).To(ConsistOf(HaveField("Name", "renamed")))
	})
})
