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
			got, err := providers.ChooseStrategy(d, providers.Wish{Routing: tc.routing}, tc.served)
			if err != nil || got.Reason != tc.want {
				t.Errorf("got %q, %v; want %q", got.Reason, err, tc.want)
			}
		})
	}
}

// A class chooses a form with an option of the vendor, and a version of the vendor is
// told by the fields that its kinds have.
func TestChooseStrategyByFormAndField(t *testing.T) {
	const clusterIP, header = v1alpha1.StrategyClusterIP, v1alpha1.StrategyHeader
	form := func(name string, s providers.StrategySupport) providers.StrategySupport {
		s.Form = name
		return s
	}
	newField := routes.WithField("spec.new")
	ways := []providers.StrategySupport{
		form("route", way(clusterIP, "new route", newField)),
		form("route", way(header, "route", routes)),
		form("filter", way(header, "filter", filters)),
		way(header, "any form", legacy),
	}
	for name, tc := range map[string]struct {
		wish    providers.Wish
		served  providers.Served
		want    string // the reason
		missing []string
	}{
		"the first of a form": {
			wish: providers.Wish{Form: "route"}, served: served(routes, newField, filters), want: "new route",
		},
		"of the form, what is served": {wish: providers.Wish{Form: "route"}, served: served(routes, filters), want: "route"},
		"another form": {
			wish: providers.Wish{Form: "filter"}, served: served(routes, newField, filters), want: "filter",
		},
		"a way without form is open to all": {
			wish: providers.Wish{Form: "filter"}, served: served(routes, legacy), want: "any form",
		},
		"form and routing": {
			wish: providers.Wish{Form: "route", Routing: v1alpha1.RoutingHeader}, served: served(routes, newField), want: "route",
		},
		"nobody asks for a form": {served: served(routes, newField, legacy), want: "any form"},
		"a field alone, without its kind's other fields": {
			wish: providers.Wish{Form: "route"}, served: served(newField), want: "new route",
		},
		"what is missing names the field": {
			wish: providers.Wish{Form: "route", Routing: v1alpha1.RoutingClusterIP}, served: served(routes),
			missing: []string{"routes.new.test with the field spec.new"},
		},
		"what is missing is of the form": {
			wish: providers.Wish{Form: "filter"}, missing: []string{"filters.new.test", "routes.old.test"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := providers.ChooseStrategy(providers.Description{Title: "Fake", Strategies: ways}, tc.wish, tc.served)
			var missing *providers.NotServedError
			if errors.As(err, &missing) {
				if diff := cmp.Diff(tc.missing, missing.Missing); diff != "" {
					t.Error(diff)
				}
				return
			}
			if err != nil || got.Reason != tc.want {
				t.Errorf("got %q, %v; want %q, missing %v", got.Reason, err, tc.want, tc.missing)
			}
		})
	}
}

func TestRoutingThatAFormLacks(t *testing.T) {
	filter := way(v1alpha1.StrategyHeader, "header")
	filter.Form = "filter"
	d := providers.Description{Title: "Fake", Strategies: []providers.StrategySupport{filter}}
	_, err := providers.ChooseStrategy(d, providers.Wish{Form: "filter", Routing: v1alpha1.RoutingClusterIP}, nil)
	var lacks *providers.UnsupportedRoutingError
	if !errors.As(err, &lacks) || lacks.Form != "filter" || !strings.Contains(err.Error(), "with filter") {
		t.Errorf("got %v, want an UnsupportedRoutingError that names the form", err)
	}
}

// formless and chooser are providers without and with forms.
type formless struct{ providers.Provider }

type chooser struct{ providers.Provider }

func (chooser) Form(class providers.Class) string { return class.IngressClassName }

func TestWishOf(t *testing.T) {
	class := providers.Class{
		IngressClassName: "route", Spec: v1alpha1.MeshIngressClassSpec{Routing: v1alpha1.RoutingHeader},
	}
	for name, tc := range map[string]struct {
		provider providers.Provider
		want     providers.Wish
	}{
		"without forms": {formless{}, providers.Wish{Routing: v1alpha1.RoutingHeader}},
		"with forms":    {chooser{}, providers.Wish{Routing: v1alpha1.RoutingHeader, Form: "route"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, providers.WishOf(tc.provider, class)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRoutingThatAVendorLacks(t *testing.T) {
	d := providers.Description{Title: "Fake", Strategies: []providers.StrategySupport{
		way(v1alpha1.StrategyHeader, "header", routes),
	}}
	_, err := providers.ChooseStrategy(d, providers.Wish{Routing: v1alpha1.RoutingClusterIP}, served(routes))
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
			_, err := providers.ChooseStrategy(d, providers.Wish{Routing: tc.routing}, tc.served)
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
