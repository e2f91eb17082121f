// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
)

var kindRoute = providers.Kind{
	GroupVersionKind: schema.GroupVersionKind{Group: "fake.test", Version: "v1", Kind: "Route"}, Resource: "routes",
}

// fake is a provider that plans one Route and keeps the Input it was given.
type fake struct {
	description providers.Description
	reads       []providers.Read
	answer      func(providers.Input) (providers.Plan, field.ErrorList)
	asked       []providers.Input
}

func (f *fake) Describe() providers.Description { return f.description }

func (f *fake) Reads(providers.Input) []providers.Read { return f.reads }

func (f *fake) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	f.asked = append(f.asked, in)
	return f.answer(in)
}

// withClass is a fake that also translates classes.
type withClass struct {
	*fake
	class func(providers.ClassInput) (providers.Plan, field.ErrorList)
}

func (f withClass) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	return f.class(in)
}

func newFake() *fake {
	return &fake{
		description: providers.Description{
			Vendor: v1alpha1.VendorTraefik, Title: "Fake",
			Writes: []providers.Kind{kindRoute},
			Strategies: []providers.StrategySupport{
				{Strategy: v1alpha1.StrategyClusterIP, Reason: "it can", Features: providers.Features()},
				{Strategy: v1alpha1.StrategyHeader, Reason: "it was asked to", Features: providers.Features()},
			},
		},
		answer: func(in providers.Input) (providers.Plan, field.ErrorList) {
			return providers.Plan{Objects: []*unstructured.Unstructured{route(in.Namespace, in.Name)}}, nil
		},
	}
}

func route(namespace, name string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{}}
	obj.SetGroupVersionKind(kindRoute.GroupVersionKind)
	obj.SetNamespace(namespace)
	obj.SetName(name)
	return obj
}

// story is a MeshIngress, its class and the cluster. As it begins, the MeshIngress
// is accepted.
type story struct {
	provider *fake
	mi       *v1alpha1.MeshIngress
	class    *v1alpha1.MeshIngressClass
	snap     translate.Snapshot
}

// tell begins a story. Without options, emojivoto/web routes example.com/ to port
// 80 of web-svc.
func tell(opts ...builders.MeshIngressOption) *story {
	if len(opts) == 0 {
		opts = append(opts, builders.WithRule("example.com", "/", "web-svc", 80))
	}
	mi := builders.MeshIngress("web", "emojivoto", opts...)
	mi.UID = "uid-of-web"
	s := &story{
		provider: newFake(), mi: mi,
		class: builders.Class("public", v1alpha1.VendorTraefik),
		snap: translate.Snapshot{
			Services:   map[types.NamespacedName]*corev1.Service{},
			Namespaces: map[string]*corev1.Namespace{},
			Linkerd:    linkerd.Unknown(),
			Read:       func(providers.Read) []*unstructured.Unstructured { return nil },
		},
	}
	s.has(builders.Service("emojivoto", "web-svc", builders.ServicePort("http", 80)))
	s.has(builders.Service("emojivoto", "voting-svc", builders.ServicePort("http", 80)))
	s.has(builders.Service("auth", "authn", builders.ServicePort("http", 8080)))
	return s
}

// has puts a Service in the cluster.
func (s *story) has(svc *corev1.Service) {
	s.snap.Services[types.NamespacedName{Namespace: svc.Namespace, Name: svc.Name}] = svc
}

func (s *story) end(t *testing.T) translate.Result {
	t.Helper()
	return translate.MeshIngress(registryOf(t, s.provider), s.mi, s.class, s.snap)
}

// input is what the provider was given. The story must have ended well.
func (s *story) input(t *testing.T) providers.Input {
	t.Helper()
	result := s.end(t)
	if !result.OK() {
		t.Fatalf("not accepted: %v", result.Errors())
	}
	return s.provider.asked[len(s.provider.asked)-1]
}

func registryOf(t *testing.T, ps ...providers.Provider) *providers.Registry {
	t.Helper()
	registry, err := providers.NewRegistry(ps...)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

// fields are the properties of errors on which tests rely: "<field> <type>".
func fields(errs field.ErrorList) []string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Field+" "+string(err.Type))
	}
	return out
}

// wantRemedy checks that each error says what to do.
func wantRemedy(t *testing.T, errs field.ErrorList, remedy string) {
	t.Helper()
	for _, err := range errs {
		if !strings.Contains(err.Detail, remedy) {
			t.Errorf("%s: %q lacks the remedy %q", err.Field, err.Detail, remedy)
		}
	}
}

// wantRejected checks the reason, and that nothing is planned.
func wantRejected(t *testing.T, result translate.Result, reason string) {
	t.Helper()
	switch {
	case result.OK() || result.Rejected == nil:
		t.Fatalf("accepted, want it rejected with %s", reason)
	case result.Rejected.Reason != reason:
		t.Errorf("rejected with %s: %v, want %s", result.Rejected.Reason, result.Errors(), reason)
	case len(result.Rejected.Errors) == 0:
		t.Error("rejected without an error")
	}
	if len(result.Plan.Objects) > 0 || len(result.Plan.Fields) > 0 {
		t.Errorf("rejected with the plan %v", result.Plan)
	}
}

// day is a creation timestamp; a greater number is younger.
func day(n int) metav1.Time { return metav1.NewTime(time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)) }
