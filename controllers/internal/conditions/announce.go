// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Announce tells the user of a change of the summary: an event where Ready has
// come to be true, or false, or false for another reason. That it is not known yet
// is no news.
func Announce(recorder events.EventRecorder, obj runtime.Object, before, after []metav1.Condition) {
	was := meta.FindStatusCondition(before, v1alpha1.ConditionReady)
	now := meta.FindStatusCondition(after, v1alpha1.ConditionReady)
	if now == nil || now.Status == metav1.ConditionUnknown ||
		(was != nil && was.Status == now.Status && was.Reason == now.Reason) {
		return
	}
	kind := corev1.EventTypeNormal
	if now.Status == metav1.ConditionFalse {
		kind = corev1.EventTypeWarning
	}
	recorder.Eventf(obj, nil, kind, now.Reason, "Reconcile", "%s", now.Message)
}

// AnnounceNotices tells the user of the notices that are new.
func AnnounceNotices(recorder events.EventRecorder, obj runtime.Object, before, after []v1alpha1.Notice) {
	for _, n := range after {
		if !slices.Contains(before, n) {
			recorder.Eventf(obj, nil, corev1.EventTypeWarning, n.Reason, "Translate", "%s", n.Message)
		}
	}
}
