// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

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
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
)

const (
	// retryDenied is how soon a write is tried again that the API server refused
	// for what it says, or that would take something from somebody.
	retryDenied = 5 * time.Minute

	// retryWaiting is how soon it is looked again whether a new watch has synced.
	retryWaiting = time.Second
)

// Reconciler reconciles MeshIngressClasses.
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
	// before is the class as it was read, class what it becomes.
	before, class *v1alpha1.MeshIngressClass

	// cluster is what discovery looks through. Set by look.
	cluster injection.Cluster

	// served are the vendors' kinds that the API server serves. Set by look.
	served providers.Served

	// views are all classes as they stand, this one's under its name. Set by look.
	views map[string]*view

	// workloads of this class with what they get. Set by plan.
	workloads []workload

	// uncovered are routes of others that are open to a client's header. Set by
	// auditRelay.
	uncovered []v1alpha1.InventoryEntry

	// waiting is true where a cache is not filled yet.
	waiting bool

	// written is what the writes met. Set by write.
	written outcome
}

// workload is one workload of the class, and what became of it.
type workload struct {
	injection.Claim
	merged injection.Merged
	seen   injection.Observation
	err    error
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	class := &v1alpha1.MeshIngressClass{}
	if err := r.Client.Get(ctx, req.NamespacedName, class); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	result, err := r.reconcileClass(ctx, class)
	if apierrors.IsConflict(err) {
		// The cache is behind. No event says when it is not, because changes of
		// the status, which are ours, are passed over.
		return ctrl.Result{RequeueAfter: retryWaiting}, nil
	}
	return result, err
}

func (r *Reconciler) reconcileClass(ctx context.Context, class *v1alpha1.MeshIngressClass) (ctrl.Result, error) {
	if !class.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.release(ctx, class)
	}
	if err := r.addFinalizer(ctx, class); err != nil {
		return ctrl.Result{}, err
	}
	s := &scope{before: class.DeepCopy(), class: class}
	if err := r.reconcile(ctx, s); isLasting(err) {
		s.written.denied = err
	} else if err != nil {
		// A passing error says nothing about the object: its status stays.
		return ctrl.Result{}, err
	}
	if err := r.updateStatus(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: s.retryAfter()}, nil
}

func (r *Reconciler) reconcile(ctx context.Context, s *scope) error {
	facts, err := r.Linkerd.Facts(ctx)
	if err != nil {
		return err
	}
	if err := r.look(ctx, s, facts); err != nil {
		return err
	}
	s.plan()
	if err := r.write(ctx, s); isLasting(err) {
		s.written.denied = err
	} else if err != nil {
		return err
	}
	if err := r.observePods(ctx, s); err != nil {
		return err
	}
	return r.auditRelay(ctx, s)
}

// isLasting reports whether an error is for the user's eyes rather than for a
// retry.
func isLasting(err error) bool {
	return apply.IsDenied(err) || isUnreadable(err)
}

func isUnreadable(err error) bool {
	var unreadable *observe.UnreadableError
	return errors.As(err, &unreadable)
}

func (s *scope) retryAfter() time.Duration {
	switch {
	case s.written.denied != nil || s.written.incomplete() != nil:
		return retryDenied
	case s.waiting:
		return retryWaiting
	}
	for _, w := range s.workloads {
		if w.err != nil {
			return retryDenied
		}
	}
	return 0
}

func (r *Reconciler) addFinalizer(ctx context.Context, class *v1alpha1.MeshIngressClass) error {
	before := class.DeepCopy()
	if !controllerutil.AddFinalizer(class, v1alpha1.Finalizer) {
		return nil
	}
	if err := r.Client.Patch(ctx, class, optimistic(before), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return fmt.Errorf("adding the finalizer: %w", err)
	}
	return nil
}

// optimistic makes a merge patch that fails where the object has changed: an old
// cache must not undo what a newer reconcile recorded.
func optimistic(before client.Object) client.Patch {
	return client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
}
