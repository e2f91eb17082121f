// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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

func TestWhatIsAskedOfTheAPIServer(t *testing.T) {
	newField := legacy.WithField("spec.new")
	needy := described{
		Vendor: v1alpha1.VendorTraefik, Writes: []providers.Kind{routes},
		Strategies: []providers.StrategySupport{{Needs: []providers.Kind{newField, routes}}},
	}
	r, err := providers.NewRegistry(needy, described{Vendor: v1alpha1.VendorContour, Writes: []providers.Kind{legacy}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]providers.Kind{routes, legacy, newField}, r.Served()); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
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
			Needs: []providers.Kind{routes.WithField("spec.new"), routes},
		}},
		ReadOnly: []providers.Kind{providers.KindService, providers.KindIngress},
		DataPlane: providers.DataPlane{
			Kinds: []providers.Kind{providers.KindNamespace}, Writes: []providers.Kind{providers.KindServiceAccount},
		},
	}
	kinds := []providers.Kind{
		routes, providers.KindConfigMap, providers.KindServiceAccount, filters, providers.KindNamespace, legacy, providers.KindIngress, providers.KindService,
	}
	for what, got := range map[string][2][]providers.Kind{
		"writes":  {{routes, providers.KindConfigMap, providers.KindServiceAccount, filters}, d.AllWrites()},
		"patches": {{providers.KindConfigMap, providers.KindNamespace, legacy}, d.AllPatches()},
		"kinds":   {kinds, d.Kinds()},
		"needs":   {{routes.WithField("spec.new"), routes}, d.Needs()},
		"served":  {append(kinds, routes.WithField("spec.new")), d.Served()},
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
	with := routes.WithField("spec.new")
	if served(routes).Has(with) || !served(with).Has(with) || with.WithoutField() != routes {
		t.Error("a kind with a field is served where the field is")
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

func TestBackendsOfAnInput(t *testing.T) {
	b := func(name string) providers.Backend { return providers.Backend{Service: name} }
	fallback := b("d")
	in := providers.Input{
		Routes:  []providers.Route{{Backends: []providers.Backend{b("a"), b("b")}}, {Backends: []providers.Backend{b("c")}}},
		Default: &fallback,
	}
	var names []string
	for _, b := range in.AllBackends() {
		names = append(names, b.Service)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, names); diff != "" {
		t.Error(diff)
	}
	if got := (providers.Input{}).AllBackends(); len(got) > 0 {
		t.Errorf("an empty input has the backends %v", got)
	}
}

func TestOwns(t *testing.T) {
	in := providers.Input{Namespace: "shop", Name: "web"}
	for owner, want := range map[string]bool{
		"MeshIngress/shop/web": true, "MeshIngress/shop/api": false, "MeshIngress/other/web": false,
		"MeshIngressClass//web": false, "": false,
	} {
		obj := &unstructured.Unstructured{Object: map[string]any{}}
		obj.SetAnnotations(map[string]string{v1alpha1.OwnerAnnotation: owner})
		if got := in.Owns(obj); got != want {
			t.Errorf("an object of %q is ours: %v", owner, got)
		}
	}
}
