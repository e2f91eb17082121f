// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"fmt"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/providers/providertest"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
)

func TestConformance(t *testing.T) {
	RegisterFailHandler(Fail)
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	describeProviders(registry.All())
	RunSpecs(t, "Conformance")
}

var testEnv *env.Environment

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	testEnv, err = env.Start(ctx, env.WithVendorCRDs(crds.All()...), env.WithoutWatchCache())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
})

// describeProviders makes the specs of every provider.
func describeProviders(ps []providers.Provider) {
	for _, p := range ps {
		cases := providertest.Testdata(p, filepath.Join("..", "..", "providers"))
		Describe(fmt.Sprintf("What the provider for %s plans", p.Describe().Vendor), func() {
			It("is taken by the API server", func(ctx SpecContext) {
				Expect(providertest.DryRun(ctx, testEnv.Config, p, cases)).To(BeEmpty())
			})

			It("is refused with a field that the vendor does not have", func(ctx SpecContext) {
				errs := providertest.DryRun(ctx, testEnv.Config, changed(p, misspell), cases)
				Expect(errs).NotTo(BeEmpty())
				Expect(errs).To(HaveEach(MatchError(ContainSubstring("noSuchField"))))
			})

			It("is refused with a value of another type", func(ctx SpecContext) {
				Expect(providertest.DryRun(ctx, testEnv.Config, changed(p, mistype), cases)).NotTo(BeEmpty())
			})
		})
	}
}

// misspell sets a field that no kind has.
func misspell(spec map[string]any) { spec["noSuchField"] = "yes" }

// mistype puts a number in the place of everything.
func mistype(spec map[string]any) {
	for key := range spec {
		spec[key] = int64(1)
	}
}

// changed is a provider whose objects have another spec.
func changed(p providers.Provider, change func(spec map[string]any)) providers.Provider {
	return providertest.Altered(p, func(plan *providers.Plan) {
		for _, o := range plan.Objects {
			spec, found, err := unstructured.NestedMap(o.Object, "spec")
			if err != nil || !found {
				continue
			}
			change(spec)
			o.Object["spec"] = spec
		}
	})
}
