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
func OwnEvents() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { q.Add(requestFor(e.Object)) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			if e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() {
				q.Add(requestFor(e.ObjectNew))
				return
			}
			q.AddRateLimited(requestFor(e.ObjectNew))
		},
		DeleteFunc:  func(_ context.Context, e event.DeleteEvent, q queue) { q.Add(requestFor(e.Object)) },
		GenericFunc: func(_ context.Context, e event.GenericEvent, q queue) { q.Add(requestFor(e.Object)) },
	}
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func requestFor(obj client.Object) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(obj)}
}
