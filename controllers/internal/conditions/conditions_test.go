// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package conditions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
)

func TestSetter(t *testing.T) {
	var all []metav1.Condition
	set := conditions.For(&all, 7)
	set.True(v1alpha1.ConditionAccepted, v1alpha1.ReasonAccepted, "because")
	set.False(v1alpha1.ConditionMeshed, v1alpha1.ReasonNoPods, "none")
	set.Unknown(v1alpha1.ConditionDiscovered, v1alpha1.ReasonPending, "soon")
	want := []metav1.Condition{
		{Type: "Accepted", Status: "True", Reason: "Accepted", Message: "because", ObservedGeneration: 7},
		{Type: "Meshed", Status: "False", Reason: "NoPods", Message: "none", ObservedGeneration: 7},
		{Type: "Discovered", Status: "Unknown", Reason: "Pending", Message: "soon", ObservedGeneration: 7},
	}
	if diff := cmp.Diff(want, all, cmpopts.IgnoreFields(metav1.Condition{}, "LastTransitionTime")); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
}

// The time tells when the status changed, not when it was looked at.
func TestSetterKeepsTheTime(t *testing.T) {
	then := metav1.NewTime(time.Unix(1_700_000_000, 0))
	all := []metav1.Condition{{
		Type: "Meshed", Status: "False", Reason: "NoPods", Message: "none", ObservedGeneration: 1, LastTransitionTime: then,
	}}
	conditions.For(&all, 2).False("Meshed", "NotInjected", "web-1")
	want := []metav1.Condition{{
		Type: "Meshed", Status: "False", Reason: "NotInjected", Message: "web-1", ObservedGeneration: 2, LastTransitionTime: then,
	}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
}

func TestOnly(t *testing.T) {
	var all []metav1.Condition
	set := conditions.For(&all, 1)
	set.Only(false, "Conflicted", "FieldConflict", "")
	if len(all) != 0 {
		t.Fatalf("Only(false) made %v", all)
	}
	set.Only(true, "Conflicted", "FieldConflict", "helm")
	if !meta.IsStatusConditionTrue(all, "Conflicted") {
		t.Fatalf("Only(true) made %v", all)
	}
	set.Only(false, "Conflicted", "FieldConflict", "")
	if len(all) != 0 {
		t.Errorf("Only(false) left %v", all)
	}
}

func TestSummarize(t *testing.T) {
	accepted := metav1.Condition{Type: "Accepted", Status: "True", Reason: "Accepted"}
	tests := map[string]struct {
		given []metav1.Condition
		want  metav1.Condition
	}{
		"all hold": {
			given: []metav1.Condition{accepted, {Type: "Meshed", Status: "True", Reason: "Meshed"}},
			want:  metav1.Condition{Status: "True", Reason: v1alpha1.ReasonReady},
		},
		"one does not": {
			given: []metav1.Condition{accepted, {Type: "Meshed", Status: "False", Reason: "NoPods", Message: "none"}},
			want:  metav1.Condition{Status: "False", Reason: "NoPods", Message: "none"},
		},
		"the first that does not": {
			given: []metav1.Condition{
				{Type: "Meshed", Status: "False", Reason: "NoPods"}, {Type: "Accepted", Status: "Unknown", Reason: "Pending", Message: "soon"},
			},
			want: metav1.Condition{Status: "Unknown", Reason: "Pending", Message: "soon"},
		},
		"one is not known": {
			given: []metav1.Condition{accepted},
			want:  metav1.Condition{Status: "Unknown", Reason: v1alpha1.ReasonPending},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			conditions.For(&tt.given, 3).Summarize("Accepted", "Meshed")
			got := meta.FindStatusCondition(tt.given, v1alpha1.ConditionReady)
			if got == nil || got.Status != tt.want.Status || got.Reason != tt.want.Reason || got.ObservedGeneration != 3 {
				t.Fatalf("Ready = %+v, want %+v", got, tt.want)
			}
			if tt.want.Message != "" && got.Message != tt.want.Message {
				t.Errorf("message %q, want %q", got.Message, tt.want.Message)
			}
			if got.Message == "" {
				t.Error("a summary without a message")
			}
		})
	}
}

func TestMessage(t *testing.T) {
	var errs field.ErrorList
	for i := range 7 {
		errs = append(errs, field.NotFound(field.NewPath("spec", "rules").Index(i), fmt.Sprintf("web-%d", i)))
	}
	tests := map[string]struct {
		errs field.ErrorList
		want string
	}{
		"none": {},
		"two":  {errs: errs[:2], want: `spec.rules[0]: Not found: "web-0"; spec.rules[1]: Not found: "web-1"`},
		"more than are listed": {errs: errs, want: `spec.rules[0]: Not found: "web-0"; spec.rules[1]: Not found: "web-1"; ` +
			`spec.rules[2]: Not found: "web-2"; spec.rules[3]: Not found: "web-3"; spec.rules[4]: Not found: "web-4"; and 2 more`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := conditions.Message(tt.errs); got != tt.want {
				t.Errorf("Message() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBound(t *testing.T) {
	tests := map[string]struct {
		message string
		want    int
	}{
		"short":                           {message: "fine", want: 4},
		"just fits":                       {message: strings.Repeat("a", 1024), want: 1024},
		"one too many":                    {message: strings.Repeat("a", 1025), want: 1024},
		"is not cut within a character":   {message: strings.Repeat("é", 600), want: 1023},
		"nor within one of several bytes": {message: "a" + strings.Repeat("€", 600), want: 1024},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := conditions.Bound(tt.message)
			if len(got) != tt.want || !utf8.ValidString(got) {
				t.Errorf("Bound() has %d bytes, want %d, and is valid: %t", len(got), tt.want, utf8.ValidString(got))
			}
			if kept := strings.TrimSuffix(got, "…"); !strings.HasPrefix(tt.message, kept) {
				t.Error("Bound() changed the message")
			}
		})
	}
}

func TestNoticesFitIntoAStatus(t *testing.T) {
	long := v1alpha1.Notice{Reason: "Long", Message: strings.Repeat("é", 1000)}
	got := conditions.Notices([]v1alpha1.Notice{long, {Reason: "Short", Message: "short"}, {Reason: "TooMany"}}, 2)
	want := []v1alpha1.Notice{
		{Reason: "Long", Message: strings.Repeat("é", 510) + "…"}, {Reason: "Short", Message: "short"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if len(long.Message) != 2000 {
		t.Error("the list that was given has changed")
	}
}
