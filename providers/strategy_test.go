// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

func kind(group, resource string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: group, Version: "v1", Kind: resource}, Resource: resource,
	}
}

var (
	routes  = kind("new.test", "routes")
	filters = kind("new.test", "filters")
	legacy  = kind("old.test", "routes")
)

func way(s v1alpha1.Strategy, reason string, needs ...providers.Kind) providers.StrategySupport {
	return providers.StrategySupport{Strategy: s, Reason: reason, Needs: needs}
}

func optIn(s providers.StrategySupport) providers.StrategySupport {
	s.OptIn = true
	return s
}

func served(kinds ...providers.Kind) providers.Served {
	s := providers.Served{}
	for _, k := range kinds {
		s[k] = true
	}
	return s
}

func TestChooseStrategy(t *testing.T) {
	const clusterIP, header = v1alpha1.StrategyClusterIP, v1alpha1.StrategyHeader
	vendor := []providers.StrategySupport{
		way(clusterIP, "native", routes),
		way(header, "new header", routes, filters),
		way(header, "old header", legacy),
	}
	cautious := []providers.StrategySupport{optIn(way(header, "header")), way(clusterIP, "annotation")}
	for name, tc := range map[string]struct {
		ways    []providers.StrategySupport
		routing v1alpha1.Routing
		served  providers.Served
		want    string // the reason
	}{
		"Auto takes the first": {
			ways: vendor, routing: v1alpha1.RoutingAuto, served: served(routes, filters, legacy), want: "native",
		},
		"Auto is the default": {
			ways: vendor, served: served(routes, filters, legacy), want: "native",
		},
		"Auto takes what is served": {
			ways: vendor, routing: v1alpha1.RoutingAuto, served: served(legacy), want: "old header",
		},
		"Auto passes over what is opt-in": {ways: cautious, routing: v1alpha1.RoutingAuto, want: "annotation"},
		"Header takes the first of its ways": {
			ways: vendor, routing: v1alpha1.RoutingHeader, served: served(routes, filters, legacy),
			want: "new header",
		},
		"Header takes the way that is served": {
			ways: vendor, routing: v1alpha1.RoutingHeader, served: served(routes, legacy), want: "old header",
		},
		"Header takes what is opt-in": {ways: cautious, routing: v1alpha1.RoutingHeader, want: "header"},
		"ClusterIP where both would do": {
			ways: vendor, routing: v1alpha1.RoutingClusterIP, served: served(routes, filters), want: "native",
		},
		"a built-in kind is served without asking": {
			ways: []providers.StrategySupport{way(clusterIP, "Ingress", providers.KindIngress)}, want: "Ingress",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := providers.Description{Title: "Fake", Strategies: tc.ways}
			got, err := providers.ChooseStrategy(d, tc.routing, tc.served)
			if err != nil || got.Reason != tc.want {
				t.Errorf("got %q, %v; want %q", got.Reason, err, tc.want)
			}
		})
	}
}

func TestRoutingThatAVendorLacks(t *testing.T) {
	d := providers.Description{Title: "Fake", Strategies: []providers.StrategySupport{
		way(v1alpha1.StrategyHeader, "header", routes),
	}}
	_, err := providers.ChooseStrategy(d, v1alpha1.RoutingClusterIP, served(routes))
	var lacks *providers.UnsupportedRoutingError
	if !errors.As(err, &lacks) || lacks.Routing != v1alpha1.RoutingClusterIP {
		t.Fatalf("got %v, want an UnsupportedRoutingError of ClusterIP", err)
	}
	if !strings.Contains(err.Error(), "Fake") || !strings.Contains(err.Error(), "set spec.routing to Auto") {
		t.Errorf("%v lacks the vendor or the remedy", err)
	}
}

// The error lists each way that would do, once, so that a user can pick one.
func TestCRDsThatAreMissing(t *testing.T) {
	const clusterIP, header = v1alpha1.StrategyClusterIP, v1alpha1.StrategyHeader
	both := "routes.new.test and filters.new.test"
	d := providers.Description{Title: "Fake", Strategies: []providers.StrategySupport{
		way(clusterIP, "native", routes, filters),
		way(header, "new header", routes, filters), way(header, "old header", legacy),
	}}
	for name, tc := range map[string]struct {
		routing v1alpha1.Routing
		served  providers.Served
		want    []string
	}{
		"any way": {routing: v1alpha1.RoutingAuto, want: []string{both, "routes.old.test"}},
		"only the rest": {
			routing: v1alpha1.RoutingAuto, served: served(routes),
			want: []string{"filters.new.test", "routes.old.test"},
		},
		"of the ClusterIP": {routing: v1alpha1.RoutingClusterIP, served: served(legacy), want: []string{both}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := providers.ChooseStrategy(d, tc.routing, tc.served)
			var missing *providers.NotServedError
			if !errors.As(err, &missing) {
				t.Fatalf("got %v, want a NotServedError", err)
			}
			if diff := cmp.Diff(tc.want, missing.Missing); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(err.Error(), strings.Join(tc.want, ", or ")) ||
				!strings.Contains(err.Error(), "install the vendor's CRDs") {
				t.Errorf("%v lacks a way or the remedy", err)
			}
		})
	}
}
