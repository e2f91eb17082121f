// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

func TestCommandLineIsWhatAShellTakes(t *testing.T) {
	for name, tc := range map[string]struct {
		words []string
		want  string
	}{
		"plain words":         {[]string{"kubectl", "get", "pods"}, "kubectl get pods"},
		"an empty word":       {[]string{"echo", ""}, "echo ''"},
		"JSON":                {[]string{"-p", `{"a":1}`}, `-p '{"a":1}'`},
		"a quote in the word": {[]string{"echo", "it's"}, `echo 'it'\''s'`},
		"a line that is too long": {
			[]string{"first", strings.Repeat("x", width-6), "last"},
			"first \\\n    " + strings.Repeat("x", width-6) + " \\\n    last",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, commandLine(tc.words...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPrinterLinesFitTheScreen(t *testing.T) {
	var out strings.Builder
	p := &printer{out: &out}
	p.heading("A chapter")
	p.done("it holds", 1500*time.Millisecond)
	p.quote(strings.Repeat("a sentence of the operator ", 20))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, line := range lines {
		if got := len([]rune(line)); got > width {
			t.Errorf("%d columns, want %d at most: %s", got, width, line)
		}
	}
	if !strings.HasSuffix(lines[1], "1.5 s") {
		t.Errorf("no time at the end of %q", lines[1])
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colors where they are off")
	}
}

func TestAlignedShowsWhatChanged(t *testing.T) {
	before := map[string]string{"same": "1", "gone": "old"}
	after := map[string]string{"same": "1", "linkerd.io/inject": "enabled"}
	want := strings.Join([]string{
		"gone               old       → (not set)",
		"linkerd.io/inject  (not set) → enabled",
		"same               1",
	}, "\n")
	if diff := cmp.Diff(want, aligned(changes(before, after))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCleanLeavesWhatSomebodyWrote(t *testing.T) {
	owner := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: "1"}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"key": "value"}, "status": map[string]any{},
	}}
	object.SetName("a")
	object.SetUID("2")
	object.SetResourceVersion("3")
	object.SetGeneration(4)
	object.SetCreationTimestamp(metav1.Unix(5, 0))
	object.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "m"}})
	object.SetOwnerReferences([]metav1.OwnerReference{owner})
	whole := object.DeepCopy()

	want := map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"key": "value"},
		"metadata": map[string]any{"name": "a", "ownerReferences": []any{
			map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"},
		}},
	}
	if diff := cmp.Diff(want, clean(object).Object); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(whole, object); diff != "" {
		t.Errorf("the object itself was changed (-before +after):\n%s", diff)
	}
}

func TestSumByAddsWhatHasTheSameLabel(t *testing.T) {
	page := strings.Join([]string{
		"# TYPE rest_client_requests_total counter",
		`rest_client_requests_total{code="200",host="h",method="PATCH"} 3`,
		`rest_client_requests_total{code="409",host="h",method="PATCH"} 1`,
		`rest_client_requests_total{code="200",host="h",method="GET"} 1e+01`,
		`rest_client_requests_total_other{method="GET"} 5`,
	}, "\n")
	want := map[string]int{"PATCH": 4, "GET": 10}
	if diff := cmp.Diff(want, sumBy(page, "rest_client_requests_total", "method")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestComplaintsAreErrorsAndMissingPermissions(t *testing.T) {
	bad := []string{
		`{"level":"error","msg":"Reconciler error"}`,
		`{"level":"info","msg":"services is forbidden: User cannot list"}`,
		"E1122 00:26:48.000000 1 reflector.go:1] failed",
		"panic: runtime error",
	}
	good := []string{
		`{"level":"info","msg":"Starting workers"}`,
		`{"level":"error","msg":"error received after stop sequence was engaged","error":"leader election lost"}`,
		"I1122 00:26:48.000000 1 leaderelection.go:1] became leader",
	}
	got := complaints(strings.Join(append(good, bad...), "\n"))
	if diff := cmp.Diff(bad, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnreadySaysWhy(t *testing.T) {
	ready := func(status metav1.ConditionStatus, reason string) []metav1.Condition {
		return []metav1.Condition{{
			Type: v1alpha1.ConditionReady, Status: status, Reason: reason, Message: "a reason", ObservedGeneration: 2,
		}}
	}
	for name, tc := range map[string]struct {
		generation int64
		conditions []metav1.Condition
		want       string
	}{
		"no condition":         {2, nil, "the operator has not looked at it yet"},
		"one of an older spec": {3, ready(metav1.ConditionTrue, "Ready"), "the operator has not looked at it yet"},
		"True":                 {2, ready(metav1.ConditionTrue, "Ready"), ""},
		"False":                {2, ready(metav1.ConditionFalse, "NoPods"), "NoPods: a reason"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unready(tc.generation, tc.conditions); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
