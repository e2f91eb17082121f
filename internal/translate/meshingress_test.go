// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

func TestAMeshIngressBecomesAPlan(t *testing.T) {
	s := tell()
	result := s.end(t)
	if !result.OK() || len(result.Errors()) > 0 {
		t.Fatalf("not accepted: %v", result.Errors())
	}
	if result.Strategy != v1alpha1.StrategyClusterIP || result.StrategyReason != "it can" {
		t.Errorf("strategy is %s, because %q", result.Strategy, result.StrategyReason)
	}
	if len(result.Plan.Objects) != 1 || !translate.OwnerOf(s.mi).Owns(result.Plan.Objects[0]) {
		t.Errorf("want one object that is marked as owned, got %v", result.Plan.Objects)
	}
}

// What is wrong with the class is said on className: it is the only field of a
// MeshIngress that could be changed about it.
func TestClassesThatCannotServe(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*story)
		reason string
		remedy string
	}{
		"without a provider": {
			func(s *story) { s.class.Spec.Vendor = v1alpha1.VendorContour }, v1alpha1.ReasonUnsupported, "public",
		},
		"whose CRDs are not there": {
			func(s *story) {
				for i := range s.provider.description.Strategies {
					s.provider.description.Strategies[i].Needs = []providers.Kind{kindRoute}
				}
			}, v1alpha1.ReasonVendorNotServed, "install the vendor's CRDs",
		},
		"with a routing that the vendor lacks": {
			func(s *story) {
				s.provider.description.Strategies = s.provider.description.Strategies[1:]
				s.class.Spec.Routing = v1alpha1.RoutingClusterIP
			}, v1alpha1.ReasonUnsupported, "set spec.routing to Auto",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell()
			tc.change(s)
			result := s.end(t)
			wantRejected(t, result, tc.reason)
			if diff := cmp.Diff([]string{"spec.className FieldValueInvalid"}, fields(result.Errors())); diff != "" {
				t.Error(diff)
			}
			wantRemedy(t, result.Errors(), tc.remedy)
			if result.Strategy != "" {
				t.Errorf("strategy is %s", result.Strategy)
			}
		})
	}
}

func TestNamespacesOfAClass(t *testing.T) {
	labeled := builders.Namespace("emojivoto")
	labeled.Labels = map[string]string{"ingress": "public", corev1.LabelMetadataName: "emojivoto"}
	selector := func(s metav1.LabelSelector) *metav1.LabelSelector { return &s }
	public := selector(metav1.LabelSelector{MatchLabels: map[string]string{"ingress": "public"}})
	byName := selector(metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: "emojivoto"}})
	broken := selector(metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "in"}}})
	const from = v1alpha1.NamespacesFromSelector
	for name, tc := range map[string]struct {
		allowed v1alpha1.AllowedNamespaces
		ns      *corev1.Namespace
		ok      bool
		remedy  string
	}{
		"all by default": {ok: true},
		"all": {
			allowed: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}, ok: true,
		},
		"labeled": {
			allowed: v1alpha1.AllowedNamespaces{From: from, Selector: public}, ns: labeled, ok: true,
		},
		"by name": {
			allowed: v1alpha1.AllowedNamespaces{From: from, Selector: byName}, ns: labeled, ok: true,
		},
		"every label": {
			allowed: v1alpha1.AllowedNamespaces{From: from, Selector: selector(metav1.LabelSelector{})}, ok: true,
		},
		"by name, and unknown": {allowed: v1alpha1.AllowedNamespaces{From: from, Selector: byName}, ok: true},
		"without the label": {
			allowed: v1alpha1.AllowedNamespaces{From: from, Selector: public}, ns: builders.Namespace("emojivoto"),
			remedy: "label the Namespace",
		},
		"unknown": {
			allowed: v1alpha1.AllowedNamespaces{From: from, Selector: public}, remedy: "label the Namespace",
		},
		"without a selector": {
			allowed: v1alpha1.AllowedNamespaces{From: from}, ns: labeled, remedy: "public",
		},
		"a selector that cannot be read ": {
			allowed: v1alpha1.AllowedNamespaces{From: from, Selector: broken}, ns: labeled,
			remedy: "correct spec.allowedNamespaces.selector",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell()
			s.class.Spec.AllowedNamespaces = tc.allowed
			if tc.ns != nil {
				s.snap.Namespaces["emojivoto"] = tc.ns
			}
			if got := translate.Allows(s.class, "emojivoto", tc.ns); got != tc.ok {
				t.Errorf("Allows is %v", got)
			}
			if tc.ok {
				s.input(t)
				return
			}
			result := s.end(t)
			wantRejected(t, result, v1alpha1.ReasonNamespaceNotAllowed)
			if diff := cmp.Diff([]string{"spec.className FieldValueForbidden"}, fields(result.Errors())); diff != "" {
				t.Error(diff)
			}
			wantRemedy(t, result.Errors(), tc.remedy)
			if len(result.Routes) > 0 {
				t.Error("a MeshIngress that may not use the class learns where its routes would go")
			}
		})
	}
}

func TestTheProviderMayRefuse(t *testing.T) {
	s := tell()
	s.provider.answer = func(in providers.Input) (providers.Plan, field.ErrorList) {
		plan := providers.Plan{Objects: []*unstructured.Unstructured{route(in.Namespace, in.Name)}}
		return plan, field.ErrorList{field.Invalid(in.Routes[0].Field.Child("path"), "/", "the vendor cannot: use another")}
	}
	result := s.end(t)
	wantRejected(t, result, v1alpha1.ReasonUnsupported)
	if diff := cmp.Diff([]string{"spec.rules[0].paths[0].path FieldValueInvalid"}, fields(result.Errors())); diff != "" {
		t.Error(diff)
	}
}

func TestTooManyObjects(t *testing.T) {
	s := tell()
	count := 0
	s.provider.answer = func(in providers.Input) (providers.Plan, field.ErrorList) {
		var plan providers.Plan
		for i := range count {
			plan.Objects = append(plan.Objects, route(in.Namespace, fmt.Sprint("route-", i)))
		}
		return plan, nil
	}
	count = 512
	if result := s.end(t); !result.OK() || len(result.Plan.Objects) != count {
		t.Errorf("%d objects are not accepted: %v", count, result.Errors())
	}
	count = 513
	result := s.end(t)
	wantRejected(t, result, v1alpha1.ReasonTooManyObjects)
	if diff := cmp.Diff([]string{"spec.rules FieldValueTooMany"}, fields(result.Errors())); diff != "" {
		t.Error(diff)
	}
}

func TestNoticesAndFieldsOfThePlanAreKept(t *testing.T) {
	s := tell()
	want := providers.Plan{
		Fields: []providers.FieldSet{{
			Target: providers.Target{Name: "settings"}, Fields: map[string]any{"data": map[string]any{"a": "b"}},
		}},
		Notices: []v1alpha1.Notice{{Reason: "Old", Message: "it is old"}},
	}
	s.provider.answer = func(providers.Input) (providers.Plan, field.ErrorList) { return want, nil }
	if diff := cmp.Diff(want, s.end(t).Plan); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

// What a provider asks to see, it sees sorted, in whatever order the cluster
// answers.
func TestWhatIsReadIsSorted(t *testing.T) {
	s := tell()
	s.provider.reads = []providers.Read{{Kind: kindRoute}, {Kind: providers.KindConfigMap, Namespace: "emojivoto"}}
	answers := []*unstructured.Unstructured{route("b", "a"), route("a", "b"), route("a", "a")}
	s.snap.Read = func(read providers.Read) []*unstructured.Unstructured {
		if read.Kind != kindRoute {
			return nil
		}
		return answers
	}
	names := func() []string {
		var out []string
		for _, obj := range s.input(t).Objects {
			out = append(out, obj.GetNamespace()+"/"+obj.GetName())
		}
		return out
	}
	for range answers {
		if diff := cmp.Diff([]string{"a/a", "a/b", "b/a"}, names()); diff != "" {
			t.Error(diff)
		}
		answers = append(slices.Clone(answers[1:]), answers[0])
	}
}

// full uses everything that a MeshIngress has.
func full() *story {
	s := tell(
		builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix,
			builders.WeightedBackend("web-svc", 80, 3), builders.Backend("voting-svc", "http")),
		builders.WithRule("*.example.com", "/api", "web-svc", 80),
		builders.WithDefaultBackend("voting-svc", 80),
		builders.WithTLS("web-tls", "example.com"),
		builders.WithExternalAuth("auth", "authn", 8080, "/verify"),
		builders.WithTemplate(map[string]string{"team": "web"}, map[string]string{"note": "x"}))
	s.provider.reads = []providers.Read{{Kind: kindRoute}}
	read := []*unstructured.Unstructured{route("b", "b"), route("a", "a")}
	s.snap.Read = func(providers.Read) []*unstructured.Unstructured { return read }
	s.snap.Siblings = []*v1alpha1.MeshIngress{
		sibling("z", "z", 9, builders.WithRule("z.com", "/", "web-svc", 80)),
		sibling("a", "a", 8, builders.WithRule("a.com", "/", "web-svc", 80)),
	}
	s.class.Spec.Traefik = &v1alpha1.TraefikOptions{EntryPoints: []string{"web"}}
	return s
}

func TestTheSameAgain(t *testing.T) {
	s := full()
	first := s.end(t)
	if !first.OK() {
		t.Fatal(first.Errors())
	}
	for range 10 {
		if diff := cmp.Diff(first, s.end(t)); diff != "" {
			t.Fatalf("another result the second time:\n%s", diff)
		}
	}
	samePath := cmp.Comparer(func(a, b *field.Path) bool { return a.String() == b.String() })
	if diff := cmp.Diff(s.provider.asked[0], s.provider.asked[10], samePath); diff != "" {
		t.Errorf("another input the second time:\n%s", diff)
	}
}

// What the path is given comes from a cache that others read.
func TestArgumentsAreNotChanged(t *testing.T) {
	for name, spoil := range map[string]func(*story){
		"accepted": func(*story) {},
		"refused": func(s *story) {
			s.mi.Spec.Rules[0].Host = "NOT A HOST"
			s.mi.Spec.Template.Labels["linkerd.io/x"] = "y"
		},
		"unresolved": func(s *story) { clear(s.snap.Services) },
	} {
		t.Run(name, func(t *testing.T) {
			s, untouched := full(), full()
			spoil(s)
			spoil(untouched)
			s.end(t)
			if diff := cmp.Diff(untouched.mi, s.mi); diff != "" {
				t.Errorf("MeshIngress: %s", diff)
			}
			if diff := cmp.Diff(untouched.class, s.class); diff != "" {
				t.Errorf("class: %s", diff)
			}
			for _, f := range []func(*story) any{
				func(s *story) any { return s.snap.Services },
				func(s *story) any { return s.snap.Siblings },
				func(s *story) any { return s.snap.Read(providers.Read{}) },
			} {
				if diff := cmp.Diff(f(untouched), f(s)); diff != "" {
					t.Errorf("snapshot: %s", diff)
				}
			}
		})
	}
}

// A provider that breaks its promise and writes into the Input must not reach the
// MeshIngress by it.
func TestTheInputIsACopy(t *testing.T) {
	s, untouched := full(), full()
	s.provider.answer = func(in providers.Input) (providers.Plan, field.ErrorList) {
		in.Labels["spoilt"] = "yes"
		in.Annotations["spoilt"] = "yes"
		in.TLS[0].Hosts[0] = "spoilt"
		in.Routes[0].Backends[0].Service = "spoilt"
		return providers.Plan{}, nil
	}
	s.end(t)
	if diff := cmp.Diff(untouched.mi, s.mi); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsAddUp(t *testing.T) {
	s := tell(builders.WithRule("*.example.com", "/", "nowhere", 80))
	s.provider.description.Strategies[0].Features = nil
	result := s.end(t)
	wantRejected(t, result, v1alpha1.ReasonUnsupported)
	want := []string{"spec.rules[0].host FieldValueForbidden", firstService + ".name FieldValueNotFound"}
	if diff := cmp.Diff(want, fields(result.Errors())); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(result.Errors().ToAggregate().Error(), "nowhere") {
		t.Error("the missing Service is not named")
	}
}
