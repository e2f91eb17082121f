// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"reflect"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
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
	vendors, err := fs.Glob(crds.Files(), "*/*.yaml")
	Expect(err).NotTo(HaveOccurred())
	var installed []env.Option
	seen := map[string]bool{}
	for _, file := range vendors {
		if vendor := path.Dir(file); !seen[vendor] {
			seen[vendor] = true
			installed = append(installed, env.WithVendorCRDs(vendor))
		}
	}
	testEnv, err = env.Start(ctx, installed...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
})

// describeProviders makes the specs of every provider.
func describeProviders(ps []providers.Provider) {
	for _, p := range ps {
		Describe(fmt.Sprintf("What the provider for %s plans", p.Describe().Vendor), func() {
			It("is taken by the API server", func(ctx SpecContext) {
				Expect(providertest.DryRun(ctx, testEnv.Config, p, goldenFiles(p))).To(BeEmpty())
			})

			It("is refused with a field that the vendor does not have", func(ctx SpecContext) {
				errs := providertest.DryRun(ctx, testEnv.Config, misspelling{p}, goldenFiles(p))
				Expect(errs).NotTo(BeEmpty())
				Expect(errs).To(HaveEach(MatchError(ContainSubstring("noSuchField"))))
			})

			It("is refused with a value of another type", func(ctx SpecContext) {
				errs := providertest.DryRun(ctx, testEnv.Config, mistyping{p}, goldenFiles(p))
				Expect(errs).NotTo(BeEmpty())
			})
		})
	}
}

// goldenFiles is the directory of a provider's golden files: that of its package.
func goldenFiles(p providers.Provider) string {
	return filepath.Join("..", "..", "providers", path.Base(reflect.TypeOf(p).PkgPath()), "testdata")
}

// misspelling plans a field that no kind has, in every object.
type misspelling struct{ providers.Provider }

// Translate implements providers.Provider.
func (p misspelling) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	return changed(p.Provider, in, func(spec map[string]any) { spec["noSuchField"] = "yes" })
}

// mistyping plans a list of routes that is none, in every object.
type mistyping struct{ providers.Provider }

// Translate implements providers.Provider.
func (p mistyping) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	return changed(p.Provider, in, func(spec map[string]any) {
		for key := range spec {
			spec[key] = int64(1)
		}
	})
}

func changed(
	p providers.Provider, in providers.Input, change func(spec map[string]any),
) (providers.Plan, field.ErrorList) {
	plan, errs := p.Translate(in)
	for _, o := range plan.Objects {
		spec, found, err := unstructured.NestedMap(o.Object, "spec")
		if err != nil || !found {
			continue
		}
		change(spec)
		o.Object["spec"] = spec
	}
	return plan, errs
}
