// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

func notice(reason string) v1alpha1.Notice { return v1alpha1.Notice{Reason: reason, Message: "."} }

func TestClassOfAVendorThatNeedsNothing(t *testing.T) {
	p := newFake()
	p.description.Notices = []v1alpha1.Notice{notice("Retired")}
	got := translate.Class(registryOf(t, p), builders.Class("public", v1alpha1.VendorTraefik), translate.ClassSnapshot{ClusterDomain: "cluster.local"})
	want := translate.ClassResult{
		Strategy: v1alpha1.StrategyClusterIP, StrategyReason: "it can",
		Plan: providers.Plan{Notices: []v1alpha1.Notice{notice("Retired")}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(got, "Input")); diff != "" || got.Errors() != nil {
		t.Errorf("errors %v, result (-want +got):\n%s", got.Errors(), diff)
	}
}

func TestClassOfAVendorThatNeedsSomethingOnce(t *testing.T) {
	p := newFake()
	p.description.Notices = []v1alpha1.Notice{notice("Retired")}
	var asked providers.ClassInput
	translator := withClass{p, func(in providers.ClassInput) (providers.Plan, field.ErrorList) {
		asked = in
		return providers.Plan{
			Objects: []*unstructured.Unstructured{route("infra", "headers")}, Notices: []v1alpha1.Notice{notice("Global")},
		}, nil
	}}
	class := builders.Class("public", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
	class.UID = "uid-of-public"
	got := translate.Class(registryOf(t, translator), class, translate.ClassSnapshot{ClusterDomain: "example.internal"})
	if got.Rejected != nil {
		t.Fatal(got.Errors())
	}
	if diff := cmp.Diff([]v1alpha1.Notice{notice("Retired"), notice("Global")}, got.Plan.Notices); diff != "" {
		t.Errorf("notices: %s", diff)
	}
	if diff := cmp.Diff([]v1alpha1.Notice{notice("Retired")}, p.description.Notices); diff != "" {
		t.Errorf("the description has changed: %s", diff)
	}
	if len(got.Plan.Objects) != 1 || !translate.ClassOwner(class).Owns(got.Plan.Objects[0]) {
		t.Errorf("want one object that is marked as the class's, got %v", got.Plan.Objects)
	}
	if asked.ClusterDomain != "example.internal" || asked.Strategy.Strategy != v1alpha1.StrategyHeader ||
		asked.Class.IngressClassName != "public" {
		t.Errorf("the provider was asked with %+v", asked)
	}
}

// readingClass wants to see something for a class.
type readingClass struct {
	withClass
	reads []providers.Read
}

func (r readingClass) ClassReads(providers.ClassInput) []providers.Read { return r.reads }

func TestClassOfAVendorThatReads(t *testing.T) {
	var asked providers.ClassInput
	p := readingClass{
		withClass{newFake(), func(in providers.ClassInput) (providers.Plan, field.ErrorList) {
			asked = in
			return providers.Plan{}, nil
		}},
		[]providers.Read{{Kind: kindRoute, Namespace: "infra"}, {Kind: kindRoute, Namespace: "apps"}},
	}
	class := builders.Class("public", v1alpha1.VendorTraefik)
	snap := translate.ClassSnapshot{
		Served: providers.Served{kindRoute: true},
		Read: func(r providers.Read) []*unstructured.Unstructured {
			return []*unstructured.Unstructured{route(r.Namespace, "edge")}
		},
	}
	got := translate.Class(registryOf(t, p), class, snap)
	want := []*unstructured.Unstructured{route("apps", "edge"), route("infra", "edge")}
	if diff := cmp.Diff(want, asked.Objects); diff != "" || !asked.Served.Has(kindRoute) {
		t.Errorf("served %v, objects (-want +got):\n%s", asked.Served, diff)
	}
	if diff := cmp.Diff(asked, got.Input); diff != "" {
		t.Errorf("the input in the result is another one:\n%s", diff)
	}
	snap.Read = nil
	if got := translate.Class(registryOf(t, p), class, snap); got.Rejected != nil || len(got.Input.Objects) > 0 {
		t.Errorf("without a way to read: rejected %v, objects %v", got.Rejected, got.Input.Objects)
	}
}

func TestControllerOfTheClassesGateway(t *testing.T) {
	object := func(kind, namespace, name, field, value string) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{field: value}}}
		o.SetAPIVersion("gateway.networking.k8s.io/v1")
		o.SetKind(kind)
		o.SetNamespace(namespace)
		o.SetName(name)
		return o
	}
	gateway := object("Gateway", "infra", "public", "gatewayClassName", "edge")
	others := object("Gateway", "other", "public", "gatewayClassName", "other")
	edge := object("GatewayClass", "", "edge", "controllerName", "example.com/edge")
	other := object("GatewayClass", "", "other", "controllerName", "example.com/other")
	ref := &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}}
	for name, tc := range map[string]struct {
		ref     *v1alpha1.GatewayReference
		objects []*unstructured.Unstructured
		want    string
	}{
		"both are there":    {ref, []*unstructured.Unstructured{others, gateway, other, edge}, "example.com/edge"},
		"no GatewayClass":   {ref, []*unstructured.Unstructured{gateway, other}, ""},
		"no Gateway":        {ref, []*unstructured.Unstructured{others, edge, other}, ""},
		"nothing is read":   {ref, nil, ""},
		"without reference": {nil, []*unstructured.Unstructured{gateway, edge}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var result translate.ClassResult
			result.Input.Class.Spec.GatewayRef, result.Input.Objects = tc.ref, tc.objects
			if got := translate.GatewayController(result); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestClassesThatAreRejected(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.MeshIngressClass, *fake)
		reason string
		want   string
		remedy string
	}{
		"no provider": {
			func(c *v1alpha1.MeshIngressClass, _ *fake) { c.Spec.Vendor = v1alpha1.VendorContour },
			v1alpha1.ReasonUnsupported, "spec.vendor FieldValueInvalid", "no provider",
		},
		"no CRDs": {
			func(_ *v1alpha1.MeshIngressClass, p *fake) {
				for i := range p.description.Strategies {
					p.description.Strategies[i].Needs = []providers.Kind{kindRoute}
				}
			},
			v1alpha1.ReasonVendorNotServed, "spec.vendor FieldValueInvalid", "routes.fake.test",
		},
		"no such routing": {
			func(c *v1alpha1.MeshIngressClass, p *fake) {
				p.description.Strategies = p.description.Strategies[:1]
				c.Spec.Routing = v1alpha1.RoutingHeader
			},
			v1alpha1.ReasonUnsupported, "spec.routing FieldValueInvalid", "set spec.routing to Auto",
		},
		"a namespace selector that cannot be read": {
			func(c *v1alpha1.MeshIngressClass, _ *fake) {
				c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{
					From: v1alpha1.NamespacesFromSelector,
					Selector: &metav1.LabelSelector{
						MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Is"}},
					},
				}
			},
			v1alpha1.ReasonInvalid, "spec.allowedNamespaces.selector FieldValueInvalid", "Is",
		},
		"an error of the vendor": {
			func(c *v1alpha1.MeshIngressClass, _ *fake) { c.Spec.Traefik = &v1alpha1.TraefikOptions{} },
			v1alpha1.ReasonInvalid, "spec.traefik FieldValueRequired", "set it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newFake()
			p.description.Notices = []v1alpha1.Notice{notice("Retired")}
			class := builders.Class("public", v1alpha1.VendorTraefik)
			tc.change(class, p)
			translator := withClass{p, func(in providers.ClassInput) (providers.Plan, field.ErrorList) {
				plan := providers.Plan{Objects: []*unstructured.Unstructured{route("infra", "half")}}
				if in.Class.Spec.Traefik == nil {
					return plan, nil
				}
				return plan, field.ErrorList{field.Required(field.NewPath("spec", "traefik"), "set it")}
			}}
			got := translate.Class(registryOf(t, translator), class, translate.ClassSnapshot{ClusterDomain: "cluster.local"})
			if got.Rejected == nil || got.Rejected.Reason != tc.reason {
				t.Fatalf("rejected as %+v, want %s", got.Rejected, tc.reason)
			}
			if diff := cmp.Diff([]string{tc.want}, fields(got.Errors())); diff != "" {
				t.Error(diff)
			}
			wantRemedy(t, got.Errors(), tc.remedy)
			if len(got.Plan.Objects) > 0 {
				t.Errorf("planned all the same: %v", got.Plan.Objects)
			}
		})
	}
}

func TestDefaultClass(t *testing.T) {
	class := func(name string, born int, opts ...builders.ClassOption) v1alpha1.MeshIngressClass {
		c := builders.Class(name, v1alpha1.VendorTraefik, opts...)
		c.CreationTimestamp = day(born)
		return *c
	}
	asDefault := builders.AsDefault()
	marked := func(value string) builders.ClassOption {
		return func(c *v1alpha1.MeshIngressClass) {
			c.Annotations = map[string]string{v1alpha1.DefaultClassAnnotation: value}
		}
	}
	deleting := func(c *v1alpha1.MeshIngressClass) { now := day(9); c.DeletionTimestamp = &now }
	type classes = []v1alpha1.MeshIngressClass
	for name, tc := range map[string]struct {
		classes classes
		want    string
	}{
		"no class":       {},
		"none is marked": {classes: classes{class("a", 1)}},
		"one is marked":  {classes: classes{class("a", 1), class("b", 2, asDefault)}, want: "b"},
		"the oldest of several": {
			classes: classes{class("a", 3, asDefault), class("b", 1, asDefault), class("c", 2, asDefault)},
			want:    "b",
		},
		"the first by name when equal": {
			classes: classes{class("c", 1, asDefault), class("a", 1, asDefault), class("b", 1, asDefault)},
			want:    "a",
		},
		"not one that is going": {
			classes: classes{class("a", 1, asDefault, deleting), class("b", 2, asDefault)}, want: "b",
		},
		"none, as the only one goes":   {classes: classes{class("a", 1, asDefault, deleting)}},
		"not one that is marked false": {classes: classes{class("a", 1, marked("false")), class("b", 2, marked("True"))}},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if c := translate.DefaultClass(tc.classes); c != nil {
				got = c.Name
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestClassOf(t *testing.T) {
	for _, tc := range []struct{ ingressClassName, want string }{{"", "public"}, {"edge", "edge"}} {
		class := builders.Class("public", v1alpha1.VendorTraefik, builders.WithIngressClassName(tc.ingressClassName))
		got := translate.ClassOf(class)
		if got.Name != "public" || got.IngressClassName != tc.want || got.Spec.Vendor != v1alpha1.VendorTraefik {
			t.Errorf("ingressClassName %q: got %+v", tc.ingressClassName, got)
		}
	}
}
