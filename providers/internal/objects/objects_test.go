// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package objects_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

func TestNew(t *testing.T) {
	got := objects.New(providers.KindIngress, "emojivoto", "web", map[string]string{"team": "web"}, nil)
	want := map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
		"metadata": map[string]any{"namespace": "emojivoto", "name": "web", "labels": map[string]any{"team": "web"}},
	}
	if diff := cmp.Diff(want, got.Object); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

func TestNewSharesNoMaps(t *testing.T) {
	labels, annotations := map[string]string{"a": "b"}, map[string]string{"c": "d"}
	got := objects.New(providers.KindIngress, "emojivoto", "web", labels, annotations)
	labels["a"], annotations["c"] = "spoilt", "spoilt"
	if got.GetLabels()["a"] != "b" || got.GetAnnotations()["c"] != "d" {
		t.Errorf("the object has %v and %v", got.GetLabels(), got.GetAnnotations())
	}
}

// What the API server writes is not applied: it would be owned, or refused.
func TestFromTyped(t *testing.T) {
	class := "edge"
	ing := &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "emojivoto", Name: "web", Labels: map[string]string{"team": "web"}, CreationTimestamp: metav1.Unix(1, 0),
		},
		Spec: networkingv1.IngressSpec{IngressClassName: &class},
		Status: networkingv1.IngressStatus{LoadBalancer: networkingv1.IngressLoadBalancerStatus{
			Ingress: []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}},
		}},
	}
	before := ing.DeepCopy()
	got := objects.FromTyped(providers.KindIngress, ing)
	want := map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
		"metadata": map[string]any{"namespace": "emojivoto", "name": "web", "labels": map[string]any{"team": "web"}},
		"spec":     map[string]any{"ingressClassName": "edge"},
	}
	if diff := cmp.Diff(want, got.Object); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
	got.Object["spec"].(map[string]any)["ingressClassName"] = "spoilt"
	if diff := cmp.Diff(before, ing); diff != "" {
		t.Errorf("the typed object has changed: %s", diff)
	}
}

func TestFromTypedOfAnEmptyObject(t *testing.T) {
	got := objects.FromTyped(providers.KindIngress, &networkingv1.Ingress{})
	if _, found := got.Object["status"]; found || got.GetKind() != "Ingress" {
		t.Errorf("got %v", got.Object)
	}
	if meta, ok := got.Object["metadata"].(map[string]any); ok && meta["creationTimestamp"] != nil {
		t.Errorf("metadata is %v", meta)
	}
}

// impossible holds what JSON cannot.
type impossible struct {
	metav1.ObjectMeta
	Channel chan int
}

func TestFromTypedPanicsOnWhatIsNoObject(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a type that cannot be converted went through")
		}
	}()
	objects.FromTyped(providers.KindIngress, &impossible{Channel: make(chan int)})
}
