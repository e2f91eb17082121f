// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// Reconciler reconciles MeshIngresses.
type Reconciler struct{ base.Reconciler }

// scope is what one reconcile works on.
type scope struct {
	// before is the MeshIngress as it was read, mi what it becomes.
	before, mi *v1alpha1.MeshIngress

	// class that serves it; nil where there is none. Set by findClass.
	class *v1alpha1.MeshIngressClass

	// from is the class whose routes are in place, where that is another one and still
	// there. Set by findClass.
	from *v1alpha1.MeshIngressClass

	// provider of the class's vendor; nil where there is none. Set by findClass.
	provider providers.Provider

	// result of the pure path. Set by translate.
	result translate.Result

	// blind is true where the caches do not hold what every reconcile reads: not yet, or
	// for want of a permission.
	blind bool

	// waiting is true where a cache is not filled yet. Set by translate.
	waiting bool

	// held says why nothing is written although everything is right; empty where
	// nothing is in the way.
	held string

	// snap is what result was made of. Set by translate.
	snap translate.Snapshot

	// authorized is what became of spec.authorization. Set by authorize.
	authorized authorized

	// guards is true where the policy objects are as planned, but for what guards former
	// backends; guarded are the planned ones, which may be none. Set by guard.
	guards  bool
	guarded []*unstructured.Unstructured

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
	s := &scope{before: mi.DeepCopy(), mi: mi}
	if err := r.reconcile(ctx, s); base.IsLasting(err) {
		s.written.denied = r.Explain(err, s.class)
	} else if err != nil {
		// A passing error says nothing about the object: its status stays.
		return base.Retry(ctrl.Result{}, err)
	}
	if s.blind && s.written.denied == nil {
		return ctrl.Result{RequeueAfter: base.RetrySoon}, nil
	}
	if err := r.updateStatus(ctx, s); err != nil {
		return r.Unsaid(ctx, mi, err)
	}
	return ctrl.Result{RequeueAfter: s.retryAfter()}, nil
}

func (r *Reconciler) reconcile(ctx context.Context, s *scope) error {
	if synced, err := r.Watches.Required(ctx); err != nil || !synced {
		s.blind = true
		return err
	}
	if err := r.findClass(ctx, s); err != nil {
		return err
	}
	if err := r.AddFinalizer(ctx, s.mi); err != nil {
		return err
	}
	s.before = s.mi.DeepCopy()
	return r.carryOut(ctx, s)
}

// carryOut translates the MeshIngress, and writes what follows.
func (r *Reconciler) carryOut(ctx context.Context, s *scope) error {
	var refused error
	if s.class != nil {
		refused = r.translate(ctx, s)
	}
	if refused != nil && !base.IsLasting(refused) {
		return refused
	}
	if err := r.authorize(ctx, s); err != nil {
		return err
	}
	if refused != nil || s.class == nil || s.waiting || !s.result.OK() {
		return refused
	}
	if s.held = s.keepsHeader(); s.held != "" {
		return nil
	}
	if err := r.write(ctx, s); err != nil {
		return err
	}
	return r.unguard(ctx, s)
}

func (s *scope) retryAfter() time.Duration {
	switch {
	case s.written.denied != nil || s.written.conflicted():
		return base.RetryDenied
	case s.waiting || s.authorized.waiting:
		return base.RetrySoon
	case s.authorized.denied != nil:
		return base.RetryDenied
	default:
		return 0
	}
}
