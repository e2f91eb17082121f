// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"errors"
	"slices"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/translate"
)

// release takes back what was written, in reverse order, and lets the object go.
// What cannot be taken back keeps it, and its status says why.
func (r *Reconciler) release(ctx context.Context, mi *v1alpha1.MeshIngress) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(mi, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	if err := r.takeBack(ctx, mi); apply.IsStale(err) {
		return base.Retry(ctrl.Result{}, err)
	} else if err != nil {
		return r.holdBack(ctx, mi, err)
	}
	if err := r.RemoveFinalizer(ctx, mi); base.IsLasting(err) {
		return r.holdBack(ctx, mi, err)
	} else if err != nil {
		return base.Retry(ctrl.Result{}, err)
	}
	return ctrl.Result{}, nil
}

// holdBack says why the object cannot go.
func (r *Reconciler) holdBack(ctx context.Context, mi *v1alpha1.MeshIngress, cause error) (ctrl.Result, error) {
	before := mi.DeepCopy()
	set := conditions.For(&mi.Status.Conditions, mi.Generation)
	set.False(v1alpha1.ConditionReady, v1alpha1.ReasonReleasing, r.explain(ctx, mi, cause).Error())
	denials := base.AdmissionDenied(cause)
	tellHazards(set, denials)
	mi.Status.Notices = withDenials(mi.Status.Notices, denials)
	if err := r.sayStatus(ctx, before, mi); err != nil {
		return r.Unsaid(ctx, mi, err)
	}
	if base.IsLasting(cause) {
		return ctrl.Result{RequeueAfter: base.RetryDenied}, nil
	}
	return ctrl.Result{}, cause
}

// explain adds to an error about a missing permission which role grants it.
func (r *Reconciler) explain(ctx context.Context, mi *v1alpha1.MeshIngress, err error) error {
	class, unread := r.classOf(ctx, mi)
	if unread != nil {
		return err // which is what is to be told
	}
	return r.Explain(err, class)
}

// takeBack goes on where one object cannot be taken back, but for one that has
// changed since it was read: that is looked at again before anything is said. The
// routes go before the fields that they need; where they stay, so do the fields.
func (r *Reconciler) takeBack(ctx context.Context, mi *v1alpha1.MeshIngress) error {
	owner := translate.OwnerOf(mi)
	remove := r.Writer().Delete
	claims := mi.Status.Claims
	if mi.Spec.DeletionPolicy == v1alpha1.DeletionOrphan {
		remove, claims = r.Writer().Orphan, nil
	}
	var errs []error
	for _, entry := range slices.Backward(mi.Status.Inventory) {
		remove := remove
		if authorization.IsKind(entry) { // nobody is left to let in who the controller runs as next
			remove = r.Writer().Delete
		}
		if err := remove(ctx, owner, entry); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		claims = nil
	}
	for _, claim := range claims {
		if err := r.releaseClaim(ctx, claim); err != nil {
			errs = append(errs, err)
		}
	}
	if i := slices.IndexFunc(errs, apply.IsStale); i >= 0 {
		return errs[i]
	}
	return errors.Join(errs...)
}
