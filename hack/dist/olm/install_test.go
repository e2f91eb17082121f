// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = Describe("A release", func() {
	It("is installed for all Namespaces, serves every vendor, and leaves nothing behind", func(ctx SpecContext) {
		By("installing it")
		serveCatalog(ctx, catalog)
		offerCatalog(ctx)
		setting := corev1.EnvVar{Name: "GOMEMLIMIT", Value: "200MiB"}
		resources := &corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("99Mi")},
		}
		subscribe(ctx, &operatorsv1alpha1.SubscriptionConfig{Env: []corev1.EnvVar{setting}, Resources: resources})
		succeeds(ctx, release().Name)
		// OLM may install before it looks at the configuration of the Subscription.
		Eventually(ctx, func(g Gomega, ctx context.Context) {
			container := deployment(ctx).Spec.Template.Spec.Containers[0]
			g.Expect(container.Env).To(ContainElement(setting))
			g.Expect(container.Resources).To(Equal(*resources))
		}).Should(Succeed())
		succeeds(ctx, release().Name)

		manager := startManager(ctx, managerBinary)
		serveEveryVendor(ctx)
		Expect(manager.Stop()).To(Succeed())
		expectUninstalled(ctx)
	})

	It("replaces the one before it and rewrites nothing", func(ctx SpecContext) {
		By("installing the ingress controllers of the samples, and the release before")
		for _, name := range []string{fixtures.IngressNginx, fixtures.Traefik, fixtures.Contour} {
			install(ctx, name)
		}
		expectRolledOut(ctx)
		before = snapshotAtRest(ctx)
		opm := serveCatalog(ctx, previousCatalog())
		offerCatalog(ctx)
		subscribe(ctx, nil)
		succeeds(ctx, release().Spec.Replaces)
		manager := startManager(ctx, previousManagerBinary)
		useSamples(ctx, filepath.Join(work, previousSource))
		expectIdle(ctx)
		inUse := snapshotOfUse(ctx)

		By("offering this release")
		Expect(opm.Stop()).To(Succeed())
		serveCatalog(ctx, catalog)
		succeeds(ctx, release().Name)
		expectUpgradedCRDs(ctx)
		Expect(manager.Stop()).To(Succeed())
		manager = startManager(ctx, managerBinary)
		expectIdle(ctx)
		Consistently(ctx, func(ctx context.Context) string {
			return rewritten(inUse, snapshotOfUse(ctx))
		}).WithTimeout(5 * time.Second).Should(BeEmpty())

		By("taking back with this release what the one before it did")
		deleteSamples(ctx)
		Expect(manager.Stop()).To(Succeed())
		expectUninstalled(ctx)
	})
})
