// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/meshingress/meshingress/internal/injection"
)

// rollout is what a workload's controller says of its pods.
type rollout struct {
	desired                      *int32
	generation, observed         int64
	replicas, updated, scheduled int32
}

func meta(r rollout) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "infra", Name: "edge", UID: "uid-of-edge", Generation: r.generation}
}

func workloads(r rollout) (deployment, statefulSet injection.Workload) {
	return injection.FromDeployment(&appsv1.Deployment{
			ObjectMeta: meta(r),
			Spec:       appsv1.DeploymentSpec{Replicas: r.desired},
			Status: appsv1.DeploymentStatus{
				ObservedGeneration: r.observed, Replicas: r.replicas, UpdatedReplicas: r.updated,
			},
		}), injection.FromStatefulSet(&appsv1.StatefulSet{
			ObjectMeta: meta(r),
			Spec:       appsv1.StatefulSetSpec{Replicas: r.desired},
			Status: appsv1.StatefulSetStatus{
				ObservedGeneration: r.observed, Replicas: r.replicas, UpdatedReplicas: r.updated,
			},
		})
}

func TestRolloutsOfReplicas(t *testing.T) {
	for name, tc := range map[string]struct {
		rollout
		wantDesired int32
		want        bool
	}{
		"finished": {
			rollout{desired: ptr.To[int32](2), generation: 3, observed: 3, replicas: 2, updated: 2}, 2, true,
		},
		"one by default": {rollout{generation: 1, observed: 1, replicas: 1, updated: 1}, 1, true},
		"scaled to zero": {rollout{desired: ptr.To[int32](0), generation: 1, observed: 1}, 0, true},
		"not seen yet": {
			rollout{desired: ptr.To[int32](2), generation: 4, observed: 3, replicas: 2, updated: 2}, 2, false,
		},
		"not begun": {
			rollout{desired: ptr.To[int32](2), generation: 4, observed: 4, replicas: 2}, 2, false,
		},
		"half done": {
			rollout{desired: ptr.To[int32](2), generation: 4, observed: 4, replicas: 2, updated: 1}, 2, false,
		},
		"old replicas are left": {
			rollout{desired: ptr.To[int32](2), generation: 4, observed: 4, replicas: 3, updated: 2}, 2, false,
		},
		"too many of the new": {
			rollout{desired: ptr.To[int32](1), generation: 4, observed: 4, replicas: 2, updated: 2}, 1, false,
		},
		"no replica is there at all": {rollout{desired: ptr.To[int32](2), generation: 1, observed: 1}, 2, false},
		"not seen at all":            {rollout{desired: ptr.To[int32](0), generation: 1}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			deployment, statefulSet := workloads(tc.rollout)
			for _, w := range []injection.Workload{deployment, statefulSet} {
				if w.Desired != tc.wantDesired || w.RolledOut != tc.want {
					t.Errorf("%s: %d desired, rolled out: %v", w.Kind, w.Desired, w.RolledOut)
				}
			}
		})
	}
}

func TestRolloutsOfDaemonSets(t *testing.T) {
	for name, tc := range map[string]struct {
		rollout
		want bool
	}{
		"finished":     {rollout{generation: 2, observed: 2, scheduled: 3, updated: 3}, true},
		"no nodes":     {rollout{generation: 1, observed: 1}, true},
		"half done":    {rollout{generation: 2, observed: 2, scheduled: 3, updated: 2}, false},
		"not seen yet": {rollout{generation: 2, observed: 1, scheduled: 3, updated: 3}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := injection.FromDaemonSet(&appsv1.DaemonSet{
				ObjectMeta: meta(tc.rollout),
				Status: appsv1.DaemonSetStatus{
					ObservedGeneration:     tc.observed,
					DesiredNumberScheduled: tc.scheduled, UpdatedNumberScheduled: tc.updated,
				},
			})
			if w.Desired != tc.scheduled || w.RolledOut != tc.want {
				t.Errorf("%d desired, rolled out: %v", w.Desired, w.RolledOut)
			}
			if w.String() != "DaemonSet infra/edge" || w.UID != "uid-of-edge" {
				t.Errorf("it is %s with UID %s", w, w.UID)
			}
		})
	}
}

func TestNamesOfWorkloads(t *testing.T) {
	deployment, statefulSet := workloads(rollout{})
	for want, w := range map[string]injection.Workload{
		"Deployment infra/edge": deployment, "StatefulSet infra/edge": statefulSet,
	} {
		if w.String() != want || injection.RefString(w.WorkloadReference) != want || w.UID != "uid-of-edge" {
			t.Errorf("%s is called %s and has UID %s", want, w, w.UID)
		}
	}
}

func TestPodSelector(t *testing.T) {
	selects := func(s *metav1.LabelSelector) bool {
		return injection.Workload{Selector: s}.PodSelector().Matches(labels.Set{"app": "proxy"})
	}
	for name, tc := range map[string]struct {
		selector *metav1.LabelSelector
		want     bool
	}{
		"its pods":   {&metav1.LabelSelector{MatchLabels: map[string]string{"app": "proxy"}}, true},
		"other pods": {&metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}}, false},
		"none":       {nil, false},
		"what cannot be read ": {
			&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Is"}}},
			false,
		},
	} {
		if got := selects(tc.selector); got != tc.want {
			t.Errorf("%s: selects the pod: %v", name, got)
		}
	}
}

func TestSortWorkloads(t *testing.T) {
	daemonSet := func(w *injection.Workload) { w.Kind = "DaemonSet" }
	ws := []injection.Workload{proxy("b", "a"), proxy("a", "b"), proxy("a", "a"), proxy("z", "z", daemonSet)}
	injection.SortWorkloads(ws)
	var got []string
	for _, w := range ws {
		got = append(got, w.String())
	}
	want := []string{"DaemonSet z/z", "Deployment a/a", "Deployment a/b", "Deployment b/a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
