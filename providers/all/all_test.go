// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package all_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/config/crd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
)

// Vendors of the API and providers are the same set: a value that the API server
// takes and nobody serves would be a class that never gets ready.
func TestEveryVendorOfTheAPIHasAProvider(t *testing.T) {
	var served []string
	for _, p := range providersOf(t) {
		served = append(served, string(p.Describe().Vendor))
	}
	slices.Sort(served)
	if diff := cmp.Diff(vendorsOfTheAPI(t), served); diff != "" {
		t.Errorf("vendors of the CRD (-) and providers (+):\n%s", diff)
	}
}

// vendorsOfTheAPI reads the enum of spec.vendor.
func vendorsOfTheAPI(t *testing.T) []string {
	t.Helper()
	crds, err := crd.Load()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(crds, func(c *apiextensionsv1.CustomResourceDefinition) bool {
		return c.Spec.Names.Kind == "MeshIngressClass"
	})
	if i < 0 {
		t.Fatal("there is no CustomResourceDefinition of MeshIngressClass")
	}
	spec := crds[i].Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	var vendors []string
	for _, v := range spec.Properties["vendor"].Enum {
		vendors = append(vendors, string(v.Raw[1:len(v.Raw)-1])) // without quotes
	}
	slices.Sort(vendors)
	return vendors
}

func providersOf(t *testing.T) []providers.Provider {
	t.Helper()
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	return registry.All()
}

func TestDescriptions(t *testing.T) {
	for _, p := range providersOf(t) {
		d := p.Describe()
		t.Run(string(d.Vendor), func(t *testing.T) {
			for _, s := range d.Sticky {
				if len(s.Keys) == 0 || s.Source == "" {
					t.Errorf("the sticky annotations %v have no key or no source", s)
				}
			}
			if d.Title == "" || d.Source == "" {
				t.Error("has no Title or no Source")
			}
			if len(d.Writes) == 0 {
				t.Error("writes no kind")
			}
			checkStrategies(t, d)
			checkKinds(t, d)
			checkDataPlane(t, d.DataPlane)
			if diff := cmp.Diff(d, p.Describe()); diff != "" {
				t.Errorf("another description the second time:\n%s", diff)
			}
		})
	}
}

func checkStrategies(t *testing.T, d providers.Description) {
	t.Helper()
	if len(d.Strategies) == 0 {
		t.Error("has no strategy")
	}
	if !slices.ContainsFunc(d.Strategies, func(s providers.StrategySupport) bool { return !s.OptIn }) {
		t.Error("has no strategy for spec.routing: Auto")
	}
	for i, s := range d.Strategies {
		if s.Strategy == "" || s.Reason == "" {
			t.Errorf("strategy %d has no name or no reason", i)
		}
		known := map[providers.Feature]bool{}
		for _, f := range providers.Features() {
			known[f] = true
		}
		for _, f := range s.Features {
			if !known[f] {
				t.Errorf("strategy %d has the feature %q, which is unknown or listed twice", i, f)
			}
			delete(known, f)
		}
		for _, need := range s.Needs {
			if !slices.Contains(d.Kinds(), need.WithoutField()) {
				t.Errorf("strategy %d needs %s, which is not among the kinds", i, need.Kind)
			}
		}
	}
}

func checkKinds(t *testing.T, d providers.Description) {
	t.Helper()
	builtInGroups := []string{"", "networking.k8s.io"}
	for _, k := range d.Kinds() {
		if k.Kind == "" || k.Version == "" || len(validation.IsDNS1123Label(k.Resource)) > 0 {
			t.Errorf("kind %v lacks a name, a version or a plural", k)
		}
		if k.BuiltIn != slices.Contains(builtInGroups, k.Group) {
			t.Errorf("kind %v: BuiltIn is %v", k, k.BuiltIn)
		}
	}
}

func checkDataPlane(t *testing.T, d providers.DataPlane) {
	t.Helper()
	if (len(d.Workloads) == 0) != (d.Outside != "") {
		t.Error("has either a way to find its data plane, or a reason why there is none in the cluster")
	}
	for i, s := range d.Workloads {
		if len(s.Labels)+len(s.GatewayName) == 0 && s.Owner.Empty() || s.Source == "" || len(s.Kinds) == 0 {
			t.Errorf("selector %d lacks kinds, labels or an owner, or its source: %+v", i, s)
		}
		for _, kind := range s.Kinds {
			if !slices.Contains([]string{"Deployment", "DaemonSet", "StatefulSet"}, kind) {
				t.Errorf("selector %d: %q runs no pods that could be meshed", i, kind)
			}
		}
	}
}

// Two providers that describe one kind differently would get two sets of RBAC
// rules and watches for it.
func TestKindsHaveOneDescription(t *testing.T) {
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]providers.Kind{}
	for _, k := range registry.Kinds() {
		if other, dup := byName[k.String()]; dup {
			t.Errorf("%v and %v are the same kind", k, other)
		}
		byName[k.String()] = k
	}
	if len(byName) == 0 {
		t.Error("there are no kinds")
	}
}
