// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = Describe("A workload that goes from one class to another at once", func() {
	ours := map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}

	for order, reconcile := range map[string]func(SpecContext, ...*v1alpha1.MeshIngressClass){
		"the one that goes is looked at first": func(ctx SpecContext, classes ...*v1alpha1.MeshIngressClass) {
			settle(ctx, classes...)
		},
		"the one that comes is looked at first": func(ctx SpecContext, classes ...*v1alpha1.MeshIngressClass) {
			settle(ctx, classes[1], classes[0], classes[1])
		},
	} {
		Context("where "+order, func() {
			BeforeEach(func(ctx SpecContext) {
				installLinkerd(ctx)
				installTraefikByHelm(ctx, map[string]any{"team": "a"})
			})

			It("is not touched where a class is deleted and another one made", func(ctx SpecContext) {
				before := asIfAlone(ctx, traefikWorkload)
				first := newClass(ctx, "old", v1alpha1.VendorTraefik)
				settle(ctx, first)
				operator.Writes.Reset()
				expect.ExpectDeleted(ctx, testEnv.Client, first)
				second := newClass(ctx, "new", v1alpha1.VendorTraefik)
				reconcile(ctx, first, second)
				expect.ExpectNotFound(ctx, testEnv.Client, first)
				Expect(workloadWrites()).To(BeEmpty())
				Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(ours))

				remove(ctx, second)
				Expect(asIfAlone(ctx, traefikWorkload)).To(Equal(before))
			})

			It("is not touched where it moves from the list of one to that of the other", func(ctx SpecContext) {
				install(ctx, fixtures.Contour)
				before := asIfAlone(ctx, traefikWorkload)
				ofContour, ofTraefik := v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "projectcontour", Name: "contour"}, traefikWorkload
				first := newClass(ctx, "first", v1alpha1.VendorTraefik, builders.WithWorkload("Deployment", "traefik", "traefik"))
				second := newClass(ctx, "second", v1alpha1.VendorTraefik, builders.WithWorkload("Deployment", "projectcontour", "contour"))
				settle(ctx, first, second)
				operator.Writes.Reset()
				change(ctx, first, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Workloads[0] = ofContour })
				change(ctx, second, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Workloads[0] = ofTraefik })
				reconcile(ctx, first, second)
				settle(ctx, first, second)
				Expect(workloadWrites()).To(BeEmpty())
				Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(ours))

				remove(ctx, second)
				Expect(asIfAlone(ctx, traefikWorkload)).To(Equal(before))
				remove(ctx, first)
			})

			It("rolls once where what was taken from others is left to them", func(ctx SpecContext) {
				installTraefikByHelm(ctx, map[string]any{inject: "disabled"})
				before := asIfAlone(ctx, traefikWorkload)
				first := newClass(ctx, "old", v1alpha1.VendorTraefik, overriding)
				settle(ctx, first)
				start := generation(ctx, traefikWorkload)
				expect.ExpectDeleted(ctx, testEnv.Client, first)
				second := newClass(ctx, "new", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
				reconcile(ctx, first, second)
				Expect(generation(ctx, traefikWorkload)).To(Equal(start + 1))
				Expect(asIfAlone(ctx, traefikWorkload)).To(Equal(before))
				expectUnmeshed(ctx, second, v1alpha1.ReasonFieldConflict, `"helm"`)
				remove(ctx, second)
			})
		})
	}
})
