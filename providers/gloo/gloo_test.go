// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gloo"
	"github.com/meshingress/meshingress/providers/providertest/story"
	"github.com/meshingress/meshingress/test/builders"
)

func served(kinds ...string) providers.Served {
	all := providers.Served{}
	for _, k := range gloo.New().Describe().Kinds() {
		for _, name := range kinds {
			if k.Kind == name {
				all[k] = true
			}
		}
	}
	return all
}

func TestTheClassChoosesTheWay(t *testing.T) {
	for name, tc := range map[string]struct {
		header  v1alpha1.GlooHeader
		routing v1alpha1.Routing
		served  providers.Served
		want    string // empty: there is none
	}{
		"by default":                     {"", v1alpha1.RoutingAuto, served("VirtualService", "Settings"), "Settings"},
		"Settings":                       {"Settings", v1alpha1.RoutingHeader, served("VirtualService", "Settings"), "Settings"},
		"HeaderManipulation":             {"HeaderManipulation", v1alpha1.RoutingAuto, served("VirtualService"), "HeaderManipulation"},
		"Transformation":                 {"Transformation", v1alpha1.RoutingAuto, served("VirtualService"), "Transformation"},
		"Settings without their CRD":     {"Settings", v1alpha1.RoutingAuto, served("VirtualService"), ""},
		"without Gloo":                   {"Transformation", v1alpha1.RoutingAuto, nil, ""},
		"ClusterIP, which Gloo does not": {"", v1alpha1.RoutingClusterIP, served("VirtualService", "Settings"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			class := classWith(tc.header)
			class.Spec.Routing = tc.routing
			s, err := providers.ChooseStrategy(gloo.New().Describe(), providers.WishOf(gloo.New(), class), tc.served)
			if tc.want == "" {
				if err == nil {
					t.Errorf("got the way %s, want an error", s.Form)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			story.Diff(t, "form", tc.want, s.Form)
			story.Diff(t, "strategy", v1alpha1.StrategyHeader, s.Strategy)
		})
	}
}

func TestEachWaySupportsTheSame(t *testing.T) {
	for _, s := range gloo.New().Describe().Strategies {
		for _, f := range providers.Features() {
			if s.Supports(f) != (f != providers.FeatureExternalAuth) {
				t.Errorf("%s: %s supported = %t", s.Form, f, s.Supports(f))
			}
		}
	}
}

func TestEveryClassIsToldOfTheEndOfLife(t *testing.T) {
	notices := gloo.New().Describe().AllNotices()
	if len(notices) != 1 || notices[0].Reason != gloo.ReasonEndOfLife {
		t.Errorf("notices are %v", notices)
	}
}

func TestDataPlaneIsTheGatewayProxyThatServes(t *testing.T) {
	proxy := func(name string, labels map[string]string) injection.Workload {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "gloo-system", Name: name}}
		d.Spec.Template.Labels = labels
		d.Spec.Template.Spec.Containers = []corev1.Container{{Name: name}}
		return injection.FromDeployment(d)
	}
	for name, tc := range map[string]struct {
		workloads []injection.Workload
		want      []string
	}{
		"of the chart": {
			[]injection.Workload{
				proxy("gateway-proxy", map[string]string{
					"gloo": "gateway-proxy", "gateway-proxy-id": "gateway-proxy", "gateway-proxy": "live",
				}),
				proxy("gloo", map[string]string{"gloo": "gloo"}),
				proxy("discovery", map[string]string{"gloo": "discovery"}),
				proxy("ingress-proxy", map[string]string{"gloo": "ingress-proxy"}),
				proxy("gloo-proxy-http", map[string]string{"gloo": "kube-gateway"}),
			},
			[]string{"gateway-proxy"},
		},
		"with another name": {
			[]injection.Workload{proxy("public", map[string]string{
				"gloo": "gateway-proxy", "gateway-proxy-id": "public", "gateway-proxy": "live",
			})},
			[]string{"public"},
		},
		"not the one that is being replaced": {
			[]injection.Workload{
				proxy("old", map[string]string{"gloo": "gateway-proxy", "gateway-proxy-id": "old", "gateway-proxy": "live"}),
				proxy("new", map[string]string{"gloo": "gateway-proxy", "gateway-proxy-id": "new"}),
			},
			[]string{"old"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := injection.Discover(builders.Class("gloo", v1alpha1.VendorGloo), gloo.New().Describe().DataPlane,
				injection.Cluster{Workloads: tc.workloads})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, w := range found.Workloads {
				names = append(names, w.Name)
			}
			story.Diff(t, "workloads", tc.want, names)
		})
	}
}

func TestReads(t *testing.T) {
	grpc, elsewhere := backend("a"), backend("b")
	grpc.H2C, elsewhere.H2C, elsewhere.Namespace = true, true, "shared"
	type read struct{ kind, namespace string }
	for name, tc := range map[string]struct {
		in   providers.Input
		want []read
	}{
		"the Settings of the class": {
			input("", story.Prefix("a.test", "/")), []read{{"VirtualService", ""}, {"Settings", "gloo-system"}},
		},
		"no Settings where they are not asked for": {
			input(v1alpha1.GlooTransformation, story.Prefix("a.test", "/")), []read{{"VirtualService", ""}},
		},
		"the Services that speak HTTP/2, once for each namespace": {
			input(v1alpha1.GlooTransformation, story.Route("a.test", "/", v1alpha1.PathTypePrefix, grpc, elsewhere, grpc)),
			[]read{{"VirtualService", ""}, {"Service", "default"}, {"Service", "shared"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []read
			for _, r := range gloo.New().Reads(tc.in) {
				got = append(got, read{r.Kind.Kind, r.Namespace})
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
			for i := range got {
				if got[i] != tc.want[i] {
					t.Errorf("read %d is %v, want %v", i, got[i], tc.want[i])
				}
			}
		})
	}
}
