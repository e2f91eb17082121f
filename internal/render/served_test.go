// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
)

func TestParseServed(t *testing.T) {
	route, other := kindOf("fake.test", "v1", "Route"), kindOf("other.test", "v2", "Box")
	for name, tc := range map[string]struct {
		list    string
		want    []providers.Kind
		wantErr bool
	}{
		"nothing":              {want: []providers.Kind{}},
		"a kind":               {list: "fake.test/v1/Route", want: []providers.Kind{route}},
		"several, with spaces": {list: " fake.test/v1/Route , other.test/v2/Box,", want: []providers.Kind{route, other}},
		"a field": {
			list: "other.test/v2/Box:spec.lid.color", want: []providers.Kind{other.WithField("spec.lid.color")},
		},
		"no version":      {list: "fake.test/Route", wantErr: true},
		"an empty part":   {list: "fake.test//Route", wantErr: true},
		"one part more":   {list: "fake.test/v1/Route/spec", wantErr: true},
		"an empty field":  {list: "fake.test/v1/Route:", wantErr: true},
		"only a field":    {list: ":spec.x", wantErr: true},
		"one that is bad": {list: "fake.test/v1/Route,Box", wantErr: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := render.ParseServed(tc.list)
			if (err != nil) != tc.wantErr {
				t.Fatalf("got error %v, want one: %v", err, tc.wantErr)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// newer is a fake whose ClusterIP routing needs a field that came later.
type newer struct{ fake }

func (newer) Describe() providers.Description {
	d := fake{}.Describe()
	d.Strategies[0].Needs = []providers.Kind{kindRoute.WithField("spec.new")}
	return d
}

// A vendor's version is told by the fields that it serves, and not by its kinds
// alone.
func TestServedFields(t *testing.T) {
	crd := func(fields string) string {
		return `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: routes.fake.test}
spec:
  group: fake.test
  names: {kind: Route, plural: routes}
  versions:
  - {name: v1, served: true, schema: {openAPIV3Schema: {properties: {spec: {properties: {` + fields + `}}}}}}
---
`
	}
	registry, err := providers.NewRegistry(newer{})
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := render.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		named []providers.Kind
		crd   string
		want  v1alpha1.Strategy
	}{
		"not said":         {want: v1alpha1.StrategyClusterIP},
		"by name":          {named: []providers.Kind{kindRoute.WithField("spec.new")}, want: v1alpha1.StrategyClusterIP},
		"only the kind":    {named: []providers.Kind{kindRoute}, want: v1alpha1.StrategyHeader},
		"by a CRD":         {crd: crd("new: {type: string}"), want: v1alpha1.StrategyClusterIP},
		"not by an older":  {crd: crd("old: {type: string}"), want: v1alpha1.StrategyHeader},
		"the name decides": {named: []providers.Kind{kindRoute}, crd: crd("new: {}"), want: v1alpha1.StrategyHeader},
		"a name beats a CRD": {
			named: []providers.Kind{kindRoute.WithField("spec.new")}, crd: crd("old: {}"), want: v1alpha1.StrategyClusterIP,
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := renderer.Render(parse(t, classFake+tc.crd), render.Options{Served: tc.named})
			if err != nil {
				t.Fatal(err)
			}
			if got := out.Classes[0].Strategy; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
