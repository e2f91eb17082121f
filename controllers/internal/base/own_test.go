// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package base_test

import (
	"testing"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/test/builders"
)

func TestOwnEvents(t *testing.T) {
	old := builders.MeshIngress("web", "emojivoto")
	old.Generation = 1
	status := old.DeepCopy()
	status.Status.ClassName = "traefik"
	spec := old.DeepCopy()
	spec.Generation = 2
	request := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(old)}

	for name, tc := range map[string]struct {
		now            *v1alpha1.MeshIngress
		waiting, tries int
	}{
		"its spec is looked at at once":                        {spec, 1, 0},
		"its status as slowly as the queue tries after errors": {status, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			// A first wait so long that nothing comes of it while the test runs.
			limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](time.Hour, time.Hour)
			q := workqueue.NewTypedRateLimitingQueue(limiter)
			defer q.ShutDown()
			base.OwnEvents().Update(t.Context(), event.UpdateEvent{ObjectOld: old, ObjectNew: tc.now}, q)
			if got := q.Len(); got != tc.waiting {
				t.Errorf("%d in the queue, want %d", got, tc.waiting)
			}
			if got := q.NumRequeues(request); got != tc.tries {
				t.Errorf("%d tries, want %d", got, tc.tries)
			}
		})
	}
}
