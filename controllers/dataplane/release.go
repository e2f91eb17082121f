// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"cmp"
	"context"
	"slices"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
)

// release takes back everything done for a class, and lets it go. What cannot be
// taken back, or not yet, keeps it, and its status says why. It is given the error that
// keeps it from looking at the cluster, if there is one.
func (r *Reconciler) release(ctx context.Context, class *v1alpha1.MeshIngressClass, err error) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(class, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	before := class.DeepCopy()
	waitsFor := ""
	if err == nil {
		waitsFor, err = r.takeAllBack(ctx, class)
	}
	if err == nil && waitsFor == "" {
		if err = r.RemoveFinalizer(ctx, class); err == nil {
			return ctrl.Result{}, nil
		}
	}
	if apply.IsStale(err) { // which says nothing
		return base.Retry(ctrl.Result{}, err)
	}
	if unsaid := r.sayWhatHolds(ctx, before, class, err, waitsFor); unsaid != nil {
		return r.Unsaid(ctx, class, unsaid)
	}
	if base.IsLasting(err) {
		return ctrl.Result{RequeueAfter: base.RetryDenied}, nil
	}
	return base.Retry(ctrl.Result{RequeueAfter: leaveRetry}, err)
}

// sayWhatHolds tells what keeps a class from going: an error, or what it waits for.
func (r *Reconciler) sayWhatHolds(
	ctx context.Context, before, class *v1alpha1.MeshIngressClass, err error, waitsFor string,
) error {
	set := conditions.For(&class.Status.Conditions, class.Generation)
	set.False(v1alpha1.ConditionReady, v1alpha1.ReasonReleasing, cmp.Or(errorText(r.Explain(err, class)), waitsFor))
	s := &scope{class: class, written: outcome{denied: err}}
	// What else was seen is not looked at any more, and stays.
	s.hazards.found = base.WithoutDenials(class.Status.Hazards)
	s.setHazards(set)
	return r.sayStatus(ctx, before, class)
}

// leaveRetry is how soon it is looked again at what a deletion waits for: the last pod
// may go without an event that is followed.
const leaveRetry = 30 * time.Second

// takeAllBack takes back what was done to workloads, and then the rest, which keeps
// their proxies from being open relays: it stays while it says what it waits for.
func (r *Reconciler) takeAllBack(ctx context.Context, class *v1alpha1.MeshIngressClass) (waitsFor string, err error) {
	s := &scope{class: class}
	facts, err := r.Linkerd.Facts(ctx)
	if err != nil && !base.IsUnreadable(err) {
		return "", err
	}
	if err := r.look(ctx, s, facts); err != nil {
		return "", err
	}
	settings := slices.DeleteFunc(slices.Clone(class.Status.Claims), isInjection)
	if err := r.takeBackAll(ctx, s, slices.DeleteFunc(slices.Clone(class.Status.Claims), isSetting)); err != nil {
		return "", err
	}
	if len(settings) > 0 || len(class.Status.Inventory) > 0 {
		if waitsFor, err = r.leavesIngressMode(ctx, s); err != nil || waitsFor != "" {
			return waitsFor, err
		}
	}
	if err := r.takeBackAll(ctx, s, settings); err != nil {
		return "", err
	}
	return "", r.deleteAll(ctx, s)
}

// isSetting reports whether a claim is one on anything else than annotations for the
// injector.
func isSetting(c v1alpha1.Claim) bool { return !isInjection(c) }

func (r *Reconciler) deleteAll(ctx context.Context, s *scope) error {
	for _, entry := range slices.Backward(s.class.Status.Inventory) {
		if err := r.dispose(ctx, s, entry); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) takeBackAll(ctx context.Context, s *scope, claims []v1alpha1.Claim) error {
	for _, c := range claims {
		if err := r.takeBack(ctx, s, c); err != nil {
			return err
		}
	}
	return nil
}
