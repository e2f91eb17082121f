// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package conditions_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
)

// recorder keeps the events that it is given.
type recorder struct{ events []string }

// Eventf implements events.EventRecorder.
func (r *recorder) Eventf(_, _ runtime.Object, kind, reason, action, note string, args ...any) {
	r.events = append(r.events, kind+" "+reason+" "+action+": "+fmt.Sprintf(note, args...))
}

func TestAnnounce(t *testing.T) {
	ready := func(status metav1.ConditionStatus, reason string) []metav1.Condition {
		return []metav1.Condition{
			{Type: "Meshed", Status: "False", Reason: "Other"},
			{Type: v1alpha1.ConditionReady, Status: status, Reason: reason, Message: "100%"},
		}
	}
	tests := map[string]struct {
		before, after []metav1.Condition
		want          []string
	}{
		"nothing said yet":              {},
		"not known yet":                 {after: ready("Unknown", "Pending")},
		"not known any more":            {before: ready("True", "Ready"), after: ready("Unknown", "Pending")},
		"as before":                     {before: ready("True", "Ready"), after: ready("True", "Ready")},
		"true at once":                  {after: ready("True", "Ready"), want: []string{"Normal Ready Reconcile: 100%"}},
		"true at last":                  {before: ready("False", "NoPods"), after: ready("True", "Ready"), want: []string{"Normal Ready Reconcile: 100%"}},
		"false":                         {before: ready("True", "Ready"), after: ready("False", "NoPods"), want: []string{"Warning NoPods Reconcile: 100%"}},
		"false for another reason":      {before: ready("False", "NoPods"), after: ready("False", "Audit"), want: []string{"Warning Audit Reconcile: 100%"}},
		"false for the reason as above": {before: ready("False", "NoPods"), after: ready("False", "NoPods")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got recorder
			conditions.Announce(&got, &v1alpha1.MeshIngress{}, tt.before, tt.after)
			if diff := cmp.Diff(tt.want, got.events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnnounceNotices(t *testing.T) {
	first := v1alpha1.Notice{Reason: "First", Message: "100%"}
	second := v1alpha1.Notice{Reason: "Second", Message: "more"}
	tests := map[string]struct {
		before, after []v1alpha1.Notice
		want          []string
	}{
		"none":          {},
		"known already": {before: []v1alpha1.Notice{second, first}, after: []v1alpha1.Notice{first, second}},
		"gone":          {before: []v1alpha1.Notice{first}},
		"one is new": {
			before: []v1alpha1.Notice{first}, after: []v1alpha1.Notice{first, second}, want: []string{"Warning Second Translate: more"},
		},
		"one says something else": {
			before: []v1alpha1.Notice{{Reason: "First", Message: "50%"}}, after: []v1alpha1.Notice{first},
			want: []string{"Warning First Translate: 100%"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got recorder
			conditions.AnnounceNotices(&got, &v1alpha1.MeshIngressClass{}, tt.before, tt.after)
			if diff := cmp.Diff(tt.want, got.events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}
