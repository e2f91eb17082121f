// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/translate"
)

// outcome is what the writes of one reconcile met.
type outcome struct {
	// done reports whether everything of the plan is in place.
	done bool

	// conflicts are objects of the plan's names that are somebody else's.
	conflicts []string

	// denied is a refusal that trying again soon does not change.
	denied error
}

// write records, applies and prunes. With a stranger's object in the way it writes
// nothing at all: half of a plan is worse than the old one.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	objects := s.result.Plan.Objects
	owner := translate.OwnerOf(s.mi)
	conflicts, err := r.Writer().Conflicts(ctx, owner, objects)
	if err != nil {
		return err
	}
	if s.written.conflicts = conflicts; len(conflicts) > 0 {
		r.countConflicts(objects, conflicts)
		return nil
	}
	known := s.mi.Status.Inventory
	if err := r.record(ctx, s.mi, inventory.Union(known, inventory.Of(objects))); err != nil {
		return err
	}
	if err := r.apply(ctx, s, owner, known); err != nil {
		return err
	}
	return r.prune(ctx, s, owner)
}

func (r *Reconciler) apply(ctx context.Context, s *scope, owner translate.Owner, known []v1alpha1.InventoryEntry) error {
	settled := s.mi.Status.ObservedGeneration == s.mi.Generation
	for _, obj := range s.result.Plan.Objects {
		change, err := r.Writer().Object(ctx, owner, obj)
		if err != nil {
			return err
		}
		entry := inventory.Entry(obj.GroupVersionKind(), obj.GetNamespace(), obj.GetName())
		if change != apply.Unchanged && settled && slices.Contains(known, entry) {
			r.Metrics.DriftCorrections.WithLabelValues(obj.GetKind()).Inc()
		}
	}
	s.written.done = true
	return nil
}

// record writes the inventory into the status before what it names is written.
func (r *Reconciler) record(ctx context.Context, mi *v1alpha1.MeshIngress, entries []v1alpha1.InventoryEntry) error {
	if equality.Semantic.DeepEqual(mi.Status.Inventory, entries) {
		return nil
	}
	before := mi.DeepCopy()
	mi.Status.Inventory = entries
	// The answer replaces mi, so what is not yet written must be in it.
	if err := r.PatchStatus(ctx, before, mi); err != nil {
		return fmt.Errorf("recording the inventory: %w", err)
	}
	return nil
}

// prune removes what is recorded and no longer planned. What could not be removed
// stays recorded.
func (r *Reconciler) prune(ctx context.Context, s *scope, owner translate.Owner) error {
	planned := inventory.Of(s.result.Plan.Objects)
	kept := planned
	var errs []error
	for _, entry := range slices.Backward(inventory.Stale(s.mi.Status.Inventory, planned)) {
		if err := r.Writer().Delete(ctx, owner, entry); err != nil {
			errs = append(errs, err)
			kept = inventory.Union(kept, []v1alpha1.InventoryEntry{entry})
		}
	}
	s.mi.Status.Inventory = kept
	return errors.Join(errs...)
}

func (r *Reconciler) countConflicts(objects []*unstructured.Unstructured, conflicts []string) {
	for _, obj := range objects {
		if slices.Contains(conflicts, apply.Describe(obj)) {
			r.Metrics.Conflicts.WithLabelValues(obj.GetKind()).Inc()
		}
	}
}
