// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package objects_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

func someObjects() []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, k := range []providers.Kind{providers.KindIngress, providers.KindService} {
		for _, namespace := range []string{"shop", "till"} {
			all = append(all, objects.New(k, namespace, "web", nil, nil))
		}
	}
	return all
}

func TestFind(t *testing.T) {
	all := someObjects()
	if got := objects.Find(all, providers.KindService, "till", "web"); got != all[3] {
		t.Errorf("got %v", got)
	}
	for name, got := range map[string]*unstructured.Unstructured{
		"another kind":      objects.Find(all, providers.KindConfigMap, "shop", "web"),
		"another namespace": objects.Find(all, providers.KindService, "mall", "web"),
		"another name":      objects.Find(all, providers.KindService, "shop", "api"),
	} {
		if got != nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestIsIgnoresTheVersion(t *testing.T) {
	obj := objects.New(providers.KindIngress, "shop", "web", nil, nil)
	obj.SetAPIVersion("networking.k8s.io/v1beta1")
	if !objects.Is(obj, providers.KindIngress) || objects.Is(obj, providers.KindService) {
		t.Errorf("%s is taken for another kind", obj.GroupVersionKind())
	}
}

func TestServiceOf(t *testing.T) {
	in := providers.Input{Objects: someObjects()}
	backend := providers.Backend{Namespace: "till", Service: "web"}
	if got := objects.ServiceOf(in, backend); got == nil || got.Namespace != "till" || got.Name != "web" {
		t.Errorf("got %v", got)
	}
	if got := objects.ServiceOf(in, providers.Backend{Namespace: "mall", Service: "web"}); got != nil {
		t.Errorf("got %v where the Service was not read", got)
	}
	in.Objects[3].Object["spec"] = "no map"
	if got := objects.ServiceOf(in, backend); got != nil {
		t.Errorf("got %v where it is no Service in its fields", got)
	}
}

func TestDecodePartOfAnObject(t *testing.T) {
	obj := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"host": "a.io", "more": int64(1)}}}
	got, ok := objects.Decode[struct {
		Spec struct {
			Host string `json:"host"`
		} `json:"spec"`
	}](obj)
	if !ok || got.Spec.Host != "a.io" {
		t.Errorf("got %+v, %t", got, ok)
	}
	obj.Object["spec"] = []any{}
	if _, ok := objects.Decode[corev1.Service](obj); ok {
		t.Error("a list is decoded as a Service's spec")
	}
}

func TestAnnotate(t *testing.T) {
	got := objects.Annotate(providers.KindService, "shop", "web", "key", "value")
	want := providers.FieldSet{
		Target: providers.Target{GroupVersionKind: providers.KindService.GroupVersionKind, Namespace: "shop", Name: "web"},
		Fields: map[string]any{"metadata": map[string]any{"annotations": map[string]any{"key": "value"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}
