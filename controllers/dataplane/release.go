// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"errors"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
)

// release takes back everything done for a class, and lets it go. What cannot be
// taken back keeps it, and its status says why.
func (r *Reconciler) release(ctx context.Context, class *v1alpha1.MeshIngressClass) error {
	if !controllerutil.ContainsFinalizer(class, v1alpha1.Finalizer) {
		return nil
	}
	before := class.DeepCopy()
	if err := r.takeAllBack(ctx, class); err != nil {
		set := conditions.For(&class.Status.Conditions, class.Generation)
		set.False(v1alpha1.ConditionReady, v1alpha1.ReasonReleasing, err.Error())
		return errors.Join(err, r.patchStatus(ctx, before, class))
	}
	return r.RemoveFinalizer(ctx, class)
}

func (r *Reconciler) takeAllBack(ctx context.Context, class *v1alpha1.MeshIngressClass) error {
	s := &scope{class: class}
	facts, err := r.Linkerd.Facts(ctx)
	if err != nil && !base.IsUnreadable(err) {
		return err
	}
	if err := r.look(ctx, s, facts); err != nil {
		return err
	}
	for _, c := range workloadsFirst(class.Status.Claims) {
		// What comes after a workload is what keeps its proxy from being an open
		// relay: it stays as long as the workload does.
		if err := r.takeBack(ctx, s, c); err != nil {
			return err
		}
	}
	for _, entry := range slices.Backward(class.Status.Inventory) {
		if err := r.dispose(ctx, s, entry); err != nil {
			return err
		}
	}
	return nil
}
