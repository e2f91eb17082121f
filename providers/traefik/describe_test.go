// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestChooseStrategyTakesTheBestWayThatIsServed(t *testing.T) {
	both := providers.Served{}
	old := providers.Served{}
	for _, k := range needs(groupIO) {
		both[k] = true
	}
	for _, k := range needs(groupContainous) {
		both[k], old[k] = true, true
	}
	for name, c := range map[string]struct {
		served  providers.Served
		routing v1alpha1.Routing
		want    v1alpha1.Strategy
		group   string
	}{
		"auto, both groups":      {both, v1alpha1.RoutingAuto, v1alpha1.StrategyClusterIP, groupIO},
		"header, both groups":    {both, v1alpha1.RoutingHeader, v1alpha1.StrategyHeader, groupIO},
		"auto, old group only":   {old, v1alpha1.RoutingAuto, v1alpha1.StrategyHeader, groupContainous},
		"header, old group only": {old, v1alpha1.RoutingHeader, v1alpha1.StrategyHeader, groupContainous},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := providers.ChooseStrategy(New().Describe(), providers.Wish{Routing: c.routing}, c.served)
			if err != nil {
				t.Fatalf("choosing: %v", err)
			}
			story.Diff[any](t, "strategy", c.want, got.Strategy)
			for _, obj := range translate(t, withStrategy(got)) {
				story.Diff[any](t, "group of "+obj.GetKind(), c.group, obj.GroupVersionKind().Group)
			}
		})
	}
	t.Run("ClusterIP needs the new group", func(t *testing.T) {
		if s, err := providers.ChooseStrategy(New().Describe(), providers.Wish{Routing: v1alpha1.RoutingClusterIP}, old); err == nil {
			t.Errorf("got %v, want an error", s)
		}
	})
}

func withStrategy(s providers.StrategySupport) providers.Input {
	in := input(nativeLB, prefix("example.com", "/"))
	in.Strategy = s
	return in
}

func TestEveryKindThatIsWrittenIsDescribed(t *testing.T) {
	d := New().Describe()
	written := map[string]bool{}
	for _, k := range d.Writes {
		written[k.String()] = true
	}
	for i := range d.Strategies {
		in := input(i, prefix("example.com", "/"))
		in.Auth = &providers.Auth{Backend: service("authn", 80), Path: "/"}
		for _, obj := range translate(t, in) {
			if !written[obj.GroupVersionKind().String()] {
				t.Errorf("%s is written and not described", obj.GroupVersionKind())
			}
		}
	}
}
