// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/metrics"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

const (
	// retryDenied is how soon a write is tried again that the API server refused
	// for what it says, or that would take something from somebody.
	retryDenied = 5 * time.Minute

	// retryWaiting is how soon it is looked again whether a new watch has synced.
	retryWaiting = time.Second

	// retryStale is how soon it is looked again at what has changed meanwhile.
	retryStale = time.Second
)

// Reconciler reconciles MeshIngresses.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client

	// Live reads from the API server.
	Live client.Reader

	// Registry holds the providers.
	Registry *providers.Registry

	// Linkerd reads the facts of the installation.
	Linkerd observe.Linkerd

	// Watches of the vendors' kinds.
	Watches watches.Kinds

	// Events for users.
	Events events.EventRecorder

	// Metrics for operators.
	Metrics *metrics.Metrics
}

// scope is what one reconcile works on.
type scope struct {
	// before is the MeshIngress as it was read, mi what it becomes.
	before, mi *v1alpha1.MeshIngress

	// class that serves it; nil where there is none. Set by findClass.
	class *v1alpha1.MeshIngressClass

	// provider of the class's vendor; nil where there is none. Set by findClass.
	provider providers.Provider

	// result of the pure path. Set by translate.
	result translate.Result

	// waiting is true where a cache is not filled yet. Set by translate.
	waiting bool

	// written is what the writes met. Set by write.
	written outcome
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	mi := &v1alpha1.MeshIngress{}
	if err := r.Client.Get(ctx, req.NamespacedName, mi); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !mi.DeletionTimestamp.IsZero() {
		return r.release(ctx, mi)
	}
	if err := r.addFinalizer(ctx, mi); err != nil {
		return retry(err)
	}
	s := &scope{before: mi.DeepCopy(), mi: mi}
	if err := r.reconcile(ctx, s); isLasting(err) {
		s.written.denied = err
	} else if err != nil {
		// A passing error says nothing about the object: its status stays.
		return retry(err)
	}
	if err := r.updateStatus(ctx, s); err != nil {
		return retry(err)
	}
	return ctrl.Result{RequeueAfter: s.retryAfter()}, nil
}

// isLasting reports whether an error is for the user's eyes rather than for a
// retry.
func isLasting(err error) bool {
	var unreadable *observe.UnreadableError
	return apply.IsDenied(err) || errors.As(err, &unreadable)
}

// retry takes a conflict for what it is, a look at something that has changed
// since: it looks again soon. No event can be relied on for that, because what has
// changed may be of no interest otherwise, like an annotation.
func retry(err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: retryStale}, nil
	}
	return ctrl.Result{}, err
}

func (r *Reconciler) reconcile(ctx context.Context, s *scope) error {
	if err := r.findClass(ctx, s); err != nil {
		return err
	}
	if s.class == nil {
		return nil
	}
	if err := r.translate(ctx, s); err != nil {
		return err
	}
	if s.waiting || !s.result.OK() {
		return nil
	}
	return r.write(ctx, s)
}

func (s *scope) retryAfter() time.Duration {
	switch {
	case s.written.denied != nil || len(s.written.conflicts) > 0:
		return retryDenied
	case s.waiting:
		return retryWaiting
	default:
		return 0
	}
}

func (r *Reconciler) addFinalizer(ctx context.Context, mi *v1alpha1.MeshIngress) error {
	before := mi.DeepCopy()
	if !controllerutil.AddFinalizer(mi, v1alpha1.Finalizer) {
		return nil
	}
	if err := r.Client.Patch(ctx, mi, optimistic(before), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return fmt.Errorf("adding the finalizer: %w", err)
	}
	return nil
}

// optimistic makes a merge patch that fails where the object has changed: an old
// cache must not undo what a newer reconcile recorded.
func optimistic(before client.Object) client.Patch {
	return client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
}
