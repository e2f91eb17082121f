// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package injection_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/internal/injection"
)

// A DaemonSet says nothing of pods that admission refuses.
func TestRolloutWhosePodsAreNotMade(t *testing.T) {
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) metav1.Time { return metav1.NewTime(start.Add(d)) }
	set := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "infra", Name: "edge", UID: "edge", Generation: 2, CreationTimestamp: at(-time.Hour),
			ManagedFields: []metav1.ManagedFieldsEntry{
				{Manager: "helm", Time: new(metav1.Time)},
				{Manager: "meshingress:workloads", Time: &metav1.Time{Time: start}},
				{Manager: "kube-controller-manager", Subresource: "status", Time: &metav1.Time{Time: start.Add(time.Hour)}},
			},
		},
		Status: appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: 2},
	}
	controller := true
	former := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "infra", Name: "edge-1", CreationTimestamp: at(-time.Hour),
			OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet", Name: "edge", UID: "edge", Controller: &controller}},
		},
		Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
	w := injection.FromDaemonSet(set)
	soon := w.Rollout([]*corev1.Pod{former}, start.Add(4*time.Minute))
	if !soon.UnderWay() || soon.StuckIn != 6*time.Minute {
		t.Errorf("after four minutes it is %+v, want it under way for six more", soon)
	}
	if late := w.Rollout([]*corev1.Pod{former}, start.Add(10*time.Minute)); late.Stuck == "" {
		t.Errorf("after ten minutes it is %+v, want it stuck", late)
	}
}
