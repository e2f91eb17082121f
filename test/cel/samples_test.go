// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/all"
)

var _ = Describe("The samples", func() {
	It("show a class of each vendor, and the API server takes them", func(ctx SpecContext) {
		var files []string
		for _, pattern := range []string{"meshingressclass_*.yaml", "vendors/meshingressclass_*.yaml"} {
			found, err := filepath.Glob(filepath.Join("..", "..", "config", "samples", pattern))
			Expect(err).NotTo(HaveOccurred())
			files = append(files, found...)
		}
		var shown []v1alpha1.Vendor
		for _, file := range files {
			data, err := os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
			object := unstructuredFrom(string(data))
			Expect(testEnv.Client.Create(ctx, object, client.DryRunAll, client.FieldValidation("Strict"))).To(Succeed(), file)
			vendor := object.Object["spec"].(map[string]any)["vendor"].(string)
			shown = append(shown, v1alpha1.Vendor(vendor))
		}
		registry, err := all.New()
		Expect(err).NotTo(HaveOccurred())
		var served []v1alpha1.Vendor
		for _, p := range registry.All() {
			served = append(served, p.Describe().Vendor)
		}
		Expect(shown).To(ConsistOf(served))
	})
})
