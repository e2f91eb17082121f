// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package base

import (
	"context"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// OwnEvents asks for an object when it changes: at once for its spec, and for its status,
// which a reconcile itself has written, no sooner than the queue tries again after errors.
// A status that tells an error in other words each time would else be written without a
// pause. It cannot be left out: a reconcile that came before the cache had the last status
// may have taken the one before for the present one.
func OwnEvents() handler.EventHandler { return &ownEvents{} }

type ownEvents struct {
	handler.EnqueueRequestForObject
}

// Update implements handler.EventHandler.
func (h *ownEvents) Update(
	ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request],
) {
	if e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() {
		h.EnqueueRequestForObject.Update(ctx, e, q)
		return
	}
	q.AddRateLimited(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e.ObjectNew)})
}
