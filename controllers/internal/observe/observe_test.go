// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package observe_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

var errBroken = errors.New("broken")

func TestFacts(t *testing.T) {
	published := linkerd.Facts{
		Found: true, Namespace: "linkerd", Version: "edge-26.8.3", ClusterDomain: "cluster.local",
		TokenProjection: true, OpaquePorts: "25,587,3306,4444,5432,6379,9300,11211", Injector: &linkerd.Injector{},
		IgnoreInboundPorts: "4567,4568", IgnoreOutboundPorts: "4567,4568", NativeSidecar: true,
		DefaultInboundPolicy: linkerd.PolicyAllUnauthenticated,
	}
	unread := func(f *linkerd.Facts) {
		f.Version, f.IgnoreInboundPorts, f.IgnoreOutboundPorts, f.NativeSidecar = "", "", "", false
	}
	nothing := func(f *linkerd.Facts) {
		unread(f)
		f.Found, f.Namespace = false, ""
	}
	tests := map[string]struct {
		fixtures  []string
		namespace string
		overrides observe.Overrides
		want      func(*linkerd.Facts)
	}{
		"as published": {fixtures: []string{fixtures.Linkerd, fixtures.LinkerdInjector}},
		"without the injector": {
			fixtures: []string{fixtures.Linkerd},
			want:     func(f *linkerd.Facts) { f.Injector = nil },
		},
		"without the configuration": {
			fixtures: []string{fixtures.LinkerdInjector},
			want:     nothing,
		},
		"in another namespace": {
			fixtures: []string{fixtures.Linkerd, fixtures.LinkerdInjector}, namespace: "mesh",
			want: nothing,
		},
		"with everything given by hand": {
			fixtures:  []string{fixtures.Linkerd, fixtures.LinkerdInjector},
			overrides: observe.Overrides{Version: "stable-2.14.10", ClusterDomain: "example.org", TokenProjection: ptr.To(false)},
			want: func(f *linkerd.Facts) {
				f.Version, f.ClusterDomain, f.TokenProjection = "stable-2.14.10", "example.org", false
			},
		},
		"given by hand where nothing can be read": {
			overrides: observe.Overrides{Version: "stable-2.14.10"},
			want: func(f *linkerd.Facts) {
				unread(f)
				f.Version, f.Injector = "stable-2.14.10", nil
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want := published
			if tt.want != nil {
				tt.want(&want)
			}
			l := observe.Linkerd{Reader: reader(t, tt.fixtures...), Namespace: "linkerd", Overrides: tt.overrides}
			if tt.namespace != "" {
				l.Namespace = tt.namespace
			}
			got, err := l.Facts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			present := cmp.Comparer(func(a, b *linkerd.Injector) bool { return (a == nil) == (b == nil) })
			if diff := cmp.Diff(want, got, present); diff != "" {
				t.Errorf("Facts() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFactsOfTheInjector(t *testing.T) {
	l := observe.Linkerd{Reader: reader(t, fixtures.LinkerdInjector), Namespace: "linkerd"}
	facts, err := l.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ns := builders.Namespace("traefik")
	if !facts.Injector.Sees(ns) {
		t.Error("the injector does not see a namespace without labels")
	}
	ns.Labels = map[string]string{linkerd.AdmissionWebhooksLabel: linkerd.AdmissionWebhooksDisabled}
	if facts.Injector.Sees(ns) {
		t.Error("the injector sees a namespace where it is disabled")
	}
}

func TestFactsThatMakeNoSense(t *testing.T) {
	tests := map[string]func(*testing.T, *unstructured.Unstructured){
		"the values are no YAML":            setField("values: [", "data", "values"),
		"the cluster domain is no DNS name": setField(`clusterDomain: "a b"`, "data", "values"),
		"a selector of the injector is none": func(t *testing.T, o *unstructured.Unstructured) {
			t.Helper()
			if o.GetKind() != "MutatingWebhookConfiguration" {
				return
			}
			webhooks, _, err := unstructured.NestedSlice(o.Object, "webhooks")
			if err != nil {
				t.Fatal(err)
			}
			webhooks[0].(map[string]any)["namespaceSelector"] = map[string]any{
				"matchExpressions": []any{map[string]any{"key": "a", "operator": "Maybe"}},
			}
			o.Object["webhooks"] = webhooks
		},
	}
	for name, breakIt := range tests {
		t.Run(name, func(t *testing.T) {
			objects := load(t, fixtures.Linkerd, fixtures.LinkerdInjector)
			for _, o := range objects {
				breakIt(t, o)
			}
			_, err := observe.Linkerd{Reader: readerOf(t, objects...), Namespace: "linkerd"}.Facts(t.Context())
			var unreadable *observe.UnreadableError
			if !errors.As(err, &unreadable) || errors.Unwrap(unreadable) == nil {
				t.Errorf("Facts() = %v, want an *UnreadableError with its cause", err)
			}
		})
	}
}

// A failure of reading is none of the user's, and passes.
func TestFactsThatCannotBeRead(t *testing.T) {
	for _, kind := range []string{"ConfigMap", "MutatingWebhookConfiguration"} {
		t.Run(kind, func(t *testing.T) {
			_, err := observe.Linkerd{Reader: failing(t, kind), Namespace: "linkerd"}.Facts(t.Context())
			var unreadable *observe.UnreadableError
			if !errors.Is(err, errBroken) || errors.As(err, &unreadable) {
				t.Errorf("Facts() = %v, want %v", err, errBroken)
			}
		})
	}
}

func TestAGivenVersionIsNoReasonNotToWait(t *testing.T) {
	notYet := interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return watches.ErrNotSynced
		},
	})
	given := observe.Overrides{Version: "edge-26.8.3"}
	_, err := observe.Linkerd{Reader: notYet, Namespace: "linkerd", Overrides: given}.Facts(t.Context())
	if !errors.Is(err, watches.ErrNotSynced) {
		t.Errorf("Facts() = %v, want to be told to ask again", err)
	}
}

func routeKind(version string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: "example.com", Version: version, Kind: "Route"}, Resource: "routes",
	}
}

func definition(change func(*apiextensionsv1.CustomResourceDefinition)) *apiextensionsv1.CustomResourceDefinition {
	crd := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "routes.example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{Versions: []apiextensionsv1.CustomResourceDefinitionVersion{
			{Name: "v1", Served: true}, {Name: "v1alpha1", Served: false},
		}},
		Status: apiextensionsv1.CustomResourceDefinitionStatus{Conditions: []apiextensionsv1.CustomResourceDefinitionCondition{
			{Type: apiextensionsv1.NamesAccepted, Status: apiextensionsv1.ConditionTrue},
			{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue},
		}},
	}
	if change != nil {
		change(crd)
	}
	return crd
}

func TestServed(t *testing.T) {
	tests := map[string]struct {
		kind providers.Kind
		crd  *apiextensionsv1.CustomResourceDefinition
		want bool
	}{
		"served":           {kind: routeKind("v1"), crd: definition(nil), want: true},
		"absent":           {kind: routeKind("v1")},
		"unserved version": {kind: routeKind("v1alpha1"), crd: definition(nil)},
		"unknown version":  {kind: routeKind("v2"), crd: definition(nil)},
		"not established": {kind: routeKind("v1"), crd: definition(func(crd *apiextensionsv1.CustomResourceDefinition) {
			crd.Status.Conditions[1].Status = apiextensionsv1.ConditionFalse
		})},
		"nothing said yet": {kind: routeKind("v1"), crd: definition(func(crd *apiextensionsv1.CustomResourceDefinition) {
			crd.Status.Conditions = nil
		})},
		"being deleted": {kind: routeKind("v1"), crd: definition(func(crd *apiextensionsv1.CustomResourceDefinition) {
			crd.Finalizers = []string{"customresourcecleanup.apiextensions.k8s.io"}
			crd.DeletionTimestamp = &metav1.Time{Time: time.Unix(1_700_000_000, 0)}
		})},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			builder := fake.NewClientBuilder().WithScheme(newScheme(t))
			if tt.crd != nil {
				builder = builder.WithObjects(tt.crd)
			}
			// What is built in needs no definition, and is not in the answer.
			got, err := observe.Served(t.Context(), builder.Build(), []providers.Kind{providers.KindIngress, tt.kind})
			if err != nil {
				t.Fatal(err)
			}
			want := providers.Served{}
			if tt.want {
				want[tt.kind] = true
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("Served() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServedThatCannotBeRead(t *testing.T) {
	_, err := observe.Served(t.Context(), failing(t, "CustomResourceDefinition"), []providers.Kind{routeKind("v1")})
	if !errors.Is(err, errBroken) {
		t.Errorf("Served() = %v, want %v", err, errBroken)
	}
}

func setField(value string, path ...string) func(*testing.T, *unstructured.Unstructured) {
	return func(t *testing.T, o *unstructured.Unstructured) {
		t.Helper()
		if o.GetKind() != "ConfigMap" {
			return
		}
		if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
			t.Fatal(err)
		}
	}
}

func load(t *testing.T, names ...string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for _, name := range names {
		more, err := fixtures.Objects(name)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, more...)
	}
	return objects
}

func reader(t *testing.T, names ...string) client.Reader {
	t.Helper()
	return readerOf(t, load(t, names...)...)
}

func readerOf(t *testing.T, objects ...*unstructured.Unstructured) client.Reader {
	t.Helper()
	builder := fake.NewClientBuilder().WithScheme(newScheme(t))
	for _, o := range objects {
		builder = builder.WithObjects(o)
	}
	return builder.Build()
}

// failing reads everything but objects of one kind.
func failing(t *testing.T, kind string) client.Reader {
	t.Helper()
	scheme := newScheme(t)
	return interceptor.NewClient(fake.NewClientBuilder().WithScheme(scheme).Build(), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			gvk, err := c.GroupVersionKindFor(obj)
			if err == nil && gvk.Kind == kind {
				return errBroken
			}
			return c.Get(ctx, key, obj, opts...)
		},
	})
}

func newScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return scheme
}
