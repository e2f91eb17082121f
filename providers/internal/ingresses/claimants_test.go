// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// ofDay is an Ingress that was created on a day.
func ofDay(name string, day int) *networkingv1.Ingress {
	return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: name, CreationTimestamp: metav1.Date(2026, time.May, day, 0, 0, 0, 0, time.UTC),
	}}
}

// inCluster adds an Ingress as the cluster holds it.
func inCluster(in *providers.Input, ing *networkingv1.Ingress) {
	obj := objects.FromTyped(providers.KindIngress, ing)
	obj.SetCreationTimestamp(ing.CreationTimestamp)
	in.Objects = append(in.Objects, obj)
}

func TestClaimants(t *testing.T) {
	in := providers.Input{Namespace: "shop", Name: "web"}
	for name, day := range map[string]int{"other": 2, "same-age": 1, "also-same-age": 1, "unserved": 1} {
		inCluster(&in, ofDay(name, day))
	}
	mine := ofDay("mine", 3)
	mine.Annotations = map[string]string{v1alpha1.OwnerAnnotation: "MeshIngress/shop/web"}
	inCluster(&in, mine)

	planned := []*networkingv1.Ingress{
		{ObjectMeta: metav1.ObjectMeta{Name: "new"}},
		{ObjectMeta: metav1.ObjectMeta{Name: "mine"}},
		{ObjectMeta: metav1.ObjectMeta{Name: "also-new"}},
	}
	served := func(ing *networkingv1.Ingress) bool { return ing.Name != "unserved" }
	for name, tc := range map[string]struct {
		byName func(a, b string) int
		want   []string
	}{
		"names ascending": {
			strings.Compare, []string{"also-same-age", "same-age", "other", "mine (ours)", "also-new (ours)", "new (ours)"},
		},
		"names descending": {
			func(a, b string) int { return strings.Compare(b, a) },
			[]string{"same-age", "also-same-age", "other", "mine (ours)", "new (ours)", "also-new (ours)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range ingresses.Claimants(in, planned, served, tc.byName) {
				text := c.Name
				if c.Ours {
					text += " (ours)"
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("claimants, oldest first (-want +got):\n%s", diff)
			}
		})
	}
}
