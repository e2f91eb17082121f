// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/internal/injection"
)

func TestWhatAWorkloadIsGeneratedFrom(t *testing.T) {
	marked := func(name string, controller *bool) metav1.OwnerReference {
		return metav1.OwnerReference{Kind: "Gateway", Name: name, Controller: controller}
	}
	for name, tc := range map[string]struct {
		owners []metav1.OwnerReference
		want   string
	}{
		"nothing":                         {},
		"its controller":                  {[]metav1.OwnerReference{marked("a", nil), marked("b", new(true))}, "b"},
		"an owner that is not marked":     {[]metav1.OwnerReference{marked("a", nil)}, "a"},
		"one that is no controller":       {[]metav1.OwnerReference{marked("a", new(false))}, "a"},
		"the first of several not marked": {[]metav1.OwnerReference{marked("a", nil), marked("b", nil)}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			meta := metav1.ObjectMeta{Namespace: "infra", Name: "edge", OwnerReferences: tc.owners}
			for _, w := range []injection.Workload{
				injection.FromDeployment(&appsv1.Deployment{ObjectMeta: meta}),
				injection.FromDaemonSet(&appsv1.DaemonSet{ObjectMeta: meta}),
				injection.FromStatefulSet(&appsv1.StatefulSet{ObjectMeta: meta}),
			} {
				got := ""
				if w.Owner != nil {
					got = w.Owner.Name
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("owner of the %s (-want +got):\n%s", w.Kind, diff)
				}
			}
		})
	}
}
