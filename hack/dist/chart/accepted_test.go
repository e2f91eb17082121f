// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"context"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/hack/dist/chart"
)

var _ = Describe("What the chart renders is accepted by the API server", func() {
	for _, name := range slices.Sorted(maps.Keys(variants())) {
		It("with "+name, func(ctx SpecContext) {
			result, err := render(ctx, variants()[name])
			Expect(err).NotTo(HaveOccurred())
			expectAccepted(ctx, result.Objects)
		})
	}

	It("with the longest name of a release", func(ctx SpecContext) {
		release := chart.Release{Dir: dir, Name: strings.Repeat("r", 53), Namespace: namespace, KubeVersion: kubeVersion}
		result, err := release.Render(ctx)
		Expect(err).NotTo(HaveOccurred())
		expectAccepted(ctx, result.Objects)
	})
})

// expectAccepted creates the objects without storing them; a field that Kubernetes does
// not know is an error.
func expectAccepted(ctx context.Context, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	Expect(objects).NotTo(BeEmpty())
	for _, object := range objects {
		err := testEnv.Client.Create(ctx, object.DeepCopy(), client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
		Expect(err).NotTo(HaveOccurred(), "%s %s", object.GetKind(), object.GetName())
	}
}
