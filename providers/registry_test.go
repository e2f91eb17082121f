// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// described is a provider that is only described.
type described providers.Description

func (d described) Describe() providers.Description { return providers.Description(d) }

func (described) Reads(providers.Input) []providers.Read { return nil }

func (described) Translate(providers.Input) (providers.Plan, field.ErrorList) {
	return providers.Plan{}, nil
}

func TestRegistry(t *testing.T) {
	traefik := described{Vendor: v1alpha1.VendorTraefik, Writes: []providers.Kind{routes, filters}}
	contour := described{Vendor: v1alpha1.VendorContour, Writes: []providers.Kind{legacy}, Routes: []providers.Kind{routes}}
	r, err := providers.NewRegistry(traefik, contour)
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := r.Get(v1alpha1.VendorContour); !ok || p.Describe().Vendor != v1alpha1.VendorContour {
		t.Errorf("Contour is %v, %v", p, ok)
	}
	if p, ok := r.Get(v1alpha1.VendorIngressNginx); ok || p != nil {
		t.Errorf("a vendor that nobody registered is %v", p)
	}
	if diff := cmp.Diff([]providers.Provider{traefik, contour}, r.All()); diff != "" {
		t.Errorf("not in the order of registration: %s", diff)
	}
	if diff := cmp.Diff([]providers.Kind{routes, filters, legacy}, r.Kinds()); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

func TestOneProviderForAVendor(t *testing.T) {
	twice := described{Vendor: v1alpha1.VendorTraefik}
	if r, err := providers.NewRegistry(twice, described{Vendor: v1alpha1.VendorContour}, twice); err == nil || r != nil {
		t.Errorf("two providers for one vendor make %v", r)
	}
	r, err := providers.NewRegistry()
	if err != nil || len(r.All()) > 0 || len(r.Kinds()) > 0 {
		t.Errorf("an empty registry holds %v, %v", r, err)
	}
}

func TestKindsOfADescription(t *testing.T) {
	d := providers.Description{
		Writes:  []providers.Kind{routes, providers.KindConfigMap},
		Patches: []providers.Kind{providers.KindConfigMap},
		Routes:  []providers.Kind{routes, providers.KindIngress},
		Strategies: []providers.StrategySupport{{
			Writes: []providers.Kind{routes, filters}, Patches: []providers.Kind{legacy},
		}},
	}
	for what, got := range map[string][2][]providers.Kind{
		"writes":  {{routes, providers.KindConfigMap, filters}, d.AllWrites()},
		"patches": {{providers.KindConfigMap, legacy}, d.AllPatches()},
		"kinds":   {{routes, providers.KindConfigMap, filters, legacy, providers.KindIngress}, d.Kinds()},
	} {
		if diff := cmp.Diff(got[0], got[1]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if len(d.Writes) != 2 || len(d.Patches) != 1 {
		t.Errorf("the description has changed: %v, %v", d.Writes, d.Patches)
	}
	if got := (providers.Description{}).Kinds(); len(got) > 0 {
		t.Errorf("an empty description has kinds %v", got)
	}
}

func TestServed(t *testing.T) {
	var none providers.Served
	if none.Has(routes) || !none.Has(providers.KindIngress) {
		t.Error("without an answer, only built-in kinds are served")
	}
	if !served(routes).Has(routes) || served(routes).Has(legacy) || (providers.Served{routes: false}).Has(routes) {
		t.Error("what is served is what the set says")
	}
	if got := routes.CRDName(); got != "routes.new.test" {
		t.Errorf("the CRD is called %s", got)
	}
}

func TestFeatures(t *testing.T) {
	seen := map[providers.Feature]bool{}
	for _, f := range providers.Features() {
		if f == "" || seen[f] {
			t.Errorf("feature %q is empty or listed twice", f)
		}
		seen[f] = true
	}
	s := providers.StrategySupport{Features: []providers.Feature{providers.FeatureTLS}}
	if !s.Supports(providers.FeatureTLS) || s.Supports(providers.FeatureH2C) {
		t.Error("a way supports what it lists and nothing else")
	}
}

func TestDestination(t *testing.T) {
	b := providers.Backend{Namespace: "emojivoto", Service: "web-svc", Port: 80}
	for domain, want := range map[string]string{
		"cluster.local":    "web-svc.emojivoto.svc.cluster.local",
		"example.internal": "web-svc.emojivoto.svc.example.internal",
	} {
		if got := b.FQDN(domain); got != want {
			t.Errorf("its name is %s", got)
		}
		if got := b.Destination(domain); got != want+":80" {
			t.Errorf("its destination is %s", got)
		}
	}
}
