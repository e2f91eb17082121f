// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
)

var _ = Describe("A class of a product that has ended", func() {
	It("is let in with a warning, and no other is warned of", func(ctx SpecContext) {
		registry, err := all.New()
		Expect(err).NotTo(HaveOccurred())
		ended := 0
		for _, p := range registry.All() {
			d := p.Describe()
			class := found(d.Vendor)
			if d.Vendor == v1alpha1.VendorEnvoyGateway || d.Vendor == v1alpha1.VendorGatewayAPI {
				gateway(class)
			}
			warnings := warningsFor(ctx, class)
			if d.Retired == nil {
				Expect(warnings).To(BeEmpty(), "vendor %s", d.Vendor)
				continue
			}
			ended++
			Expect(warnings).To(ConsistOf(And(
				ContainSubstring("'"+retiredPolicy+"'"),
				HaveSuffix("spec.vendor: "+string(d.Vendor)+": "+d.Retired.Message),
			)))
		}
		Expect(ended).To(BeNumerically(">", 0))
	})

	It("is warned of again when its spec changes, and not when its labels do", func(ctx SpecContext) {
		class := stored(ctx, found(v1alpha1.VendorIngressNginx))
		var warnings recorder
		c := warned(&warnings)

		class.Labels = map[string]string{"team": "platform"}
		Expect(c.Update(ctx, class)).To(Succeed())
		Expect(warnings).To(BeEmpty())

		builders.WithInjection(v1alpha1.InjectionAudit)(class)
		Expect(c.Update(ctx, class)).To(Succeed())
		Expect(warnings).To(HaveLen(1))
	})
})
