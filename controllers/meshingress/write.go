// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/translate"
)

// outcome is what the writes of one reconcile met.
type outcome struct {
	// done reports whether everything of the plan is in place.
	done bool

	// pruned reports whether nothing is left of what is no longer planned.
	pruned bool

	// changed are objects that were written just now: what the vendor says of them is
	// about what they were before.
	changed []string

	// conflicts are objects of the plan's names that are somebody else's.
	conflicts []string

	// fields are fields of others' objects that somebody else has set, sorted.
	fields []string

	// denied is a refusal that trying again soon does not change.
	denied error

	// verdict of the vendor on what is in place.
	verdict verdict

	// holdsOld says why the routes of the class that the object moves from stay;
	// empty where they need not.
	holdsOld string
}

func (o outcome) conflicted() bool { return len(o.conflicts)+len(o.fields) > 0 }

// write records, applies and prunes. With a stranger's object or field in the way it
// writes nothing at all: half of a plan is worse than the old one.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	owner := translate.OwnerOf(s.mi)
	targets, err := r.FindTargets(ctx, apply.ManagerForClass(s.mi.UID, s.class.Name), s.result.Plan.Fields)
	if err != nil {
		return err
	}
	if !targets.Synced || targets.Missing != nil { // what was resolved a moment ago has left
		s.waiting = true
		return nil
	}
	if err := r.findConflicts(ctx, s, owner, targets.Found); err != nil || s.written.conflicted() {
		return err
	}
	if err := r.replace(ctx, s, owner, targets.Found); err != nil {
		return err
	}
	if err := r.put(ctx, s, targets.Found); err != nil || !s.written.done {
		s.written.pruned = false
		return err
	}
	if s.written.holdsOld = s.holdsOld(); s.written.holdsOld != "" {
		return nil
	}
	return r.prune(ctx, s, owner, targets.Found)
}

// replace makes room for the routes of a class whose controller serves those of the
// class before: it refuses the new ones as long as the old ones have their hosts.
func (r *Reconciler) replace(ctx context.Context, s *scope, owner translate.Owner, targets []base.Target) error {
	if !s.replaces() {
		return nil
	}
	if err := r.recordPlan(ctx, s, targets); err != nil {
		return err
	}
	return r.prune(ctx, s, owner, targets)
}

// put records what is planned, writes it, and asks what the vendor says of it.
func (r *Reconciler) put(ctx context.Context, s *scope, targets []base.Target) error {
	known := s.mi.Status.Inventory
	if err := r.recordPlan(ctx, s, targets); err != nil {
		return err
	}
	if err := r.apply(ctx, s, known); err != nil {
		return err
	}
	if err := r.applyFields(ctx, s, targets); err != nil || s.waiting || s.written.conflicted() {
		return err
	}
	s.written.done = true
	if s.mi.Status.MovingTo != nil {
		s.mi.Status.MovingTo.Strategy = s.result.Strategy
	}
	var err error
	s.written.verdict, err = r.ask(ctx, s)
	return err
}

// recordPlan writes down what is about to be written, and for which class, where that
// is not yet the one in place.
func (r *Reconciler) recordPlan(ctx context.Context, s *scope, targets []base.Target) error {
	before := s.mi.DeepCopy()
	status := &s.mi.Status
	if !s.hasRoutes() && status.ClassName != "" { // what it says is of routes that have gone, or never were
		status.ClassName, status.Strategy = s.class.Name, ""
	}
	status.Inventory = inventory.Union(status.Inventory, inventory.Of(s.result.Plan.Objects))
	status.Claims = inventory.UnionClaims(status.Claims, records(targets))
	if s.moving() && (status.MovingTo == nil || status.MovingTo.ClassName != s.class.Name) {
		status.MovingTo = &v1alpha1.MovingStatus{ClassName: s.class.Name}
	}
	if equality.Semantic.DeepEqual(before.Status, *status) {
		return nil
	}
	// The answer replaces the object, so what is not yet written must be in it.
	if err := r.PatchStatus(ctx, before, s.mi); err != nil {
		return fmt.Errorf("recording the inventory: %w", err)
	}
	return nil
}

func (r *Reconciler) findConflicts(ctx context.Context, s *scope, owner translate.Owner, targets []base.Target) error {
	objects := s.result.Plan.Objects
	conflicts, err := r.Writer().Conflicts(ctx, owner, objects)
	if err != nil {
		return err
	}
	s.written.conflicts = conflicts
	r.countConflicts(objects, conflicts)
	for _, t := range targets {
		conflict, err := apply.FieldConflict(t.Claim, t.Live)
		if err != nil {
			return err
		}
		if conflict != nil && !ownManager(s.mi, conflict.Manager) {
			r.noteConflict(s, t, conflict)
		}
	}
	return nil
}

func (r *Reconciler) noteConflict(s *scope, t base.Target, conflict *apply.FieldConflictError) {
	s.written.fields = append(s.written.fields, conflict.Error())
	slices.Sort(s.written.fields)
	r.Metrics.Conflicts.WithLabelValues(t.Claim.Entry.Kind).Inc()
}

func (r *Reconciler) apply(ctx context.Context, s *scope, known []v1alpha1.InventoryEntry) error {
	for _, obj := range s.result.Plan.Objects {
		change, err := r.applyObject(ctx, s, known, obj)
		if err != nil {
			return err
		}
		if change != apply.Unchanged {
			s.written.changed = append(s.written.changed, apply.Describe(obj))
		}
	}
	return nil
}

// applyObject writes an object of ours, and counts it where nothing but drift can be the
// cause: known is what was recorded before.
func (r *Reconciler) applyObject(
	ctx context.Context, s *scope, known []v1alpha1.InventoryEntry, obj *unstructured.Unstructured,
) (apply.Change, error) {
	change, err := r.Writer().Object(ctx, translate.OwnerOf(s.mi), obj)
	entry := inventory.EntryOf(obj)
	if err == nil && change != apply.Unchanged && s.mi.Status.ObservedGeneration == s.mi.Generation && slices.Contains(known, entry) {
		r.Metrics.DriftCorrections.WithLabelValues(obj.GetKind()).Inc()
	}
	return change, err
}

// applyFields sets fields on objects of others. One that has left meanwhile is looked
// for again soon.
func (r *Reconciler) applyFields(ctx context.Context, s *scope, targets []base.Target) error {
	for _, t := range targets {
		_, err := r.Writer().Fields(ctx, t.Claim, t.Live)
		var conflict *apply.FieldConflictError
		var gone *apply.GoneError
		if errors.As(err, &conflict) && ownManager(s.mi, conflict.Manager) {
			err = r.Writer().Replace(ctx, t.Claim, conflict.Manager)
		}
		switch {
		case errors.As(err, &conflict):
			r.noteConflict(s, t, conflict)
		case errors.As(err, &gone):
			s.waiting = true
		case err != nil:
			return err
		}
	}
	return nil
}

// ownManager reports whether a manager's fields were set for the MeshIngress, for
// another class of it.
func ownManager(mi *v1alpha1.MeshIngress, manager string) bool {
	return strings.HasPrefix(manager, apply.ManagerFor(mi.UID)+":")
}

func records(targets []base.Target) []v1alpha1.Claim {
	claims := make([]v1alpha1.Claim, 0, len(targets))
	for _, t := range targets {
		claims = append(claims, t.Record())
	}
	return inventory.UnionClaims(claims)
}

// prune takes back what is recorded and no longer planned. What could not be taken
// back stays recorded. Policy objects are pruned by themselves.
func (r *Reconciler) prune(ctx context.Context, s *scope, owner translate.Owner, targets []base.Target) error {
	planned := inventory.Union(policyEntries(s.mi.Status.Inventory), inventory.Of(s.result.Plan.Objects))
	wanted := records(targets)
	kept, claims := planned, wanted
	var errs []error
	for _, entry := range slices.Backward(inventory.Stale(s.mi.Status.Inventory, planned)) {
		if err := r.Writer().Delete(ctx, owner, entry); err != nil {
			errs = append(errs, err)
			kept = inventory.Union(kept, []v1alpha1.InventoryEntry{entry})
		}
	}
	for _, claim := range s.mi.Status.Claims {
		if slices.Contains(wanted, claim) {
			continue
		}
		if len(errs) > 0 { // a route that could not go may need it
			claims = inventory.UnionClaims(claims, []v1alpha1.Claim{claim})
			continue
		}
		if err := r.releaseClaim(ctx, claim); err != nil {
			errs = append(errs, err)
			claims = inventory.UnionClaims(claims, []v1alpha1.Claim{claim})
		}
	}
	s.mi.Status.Inventory, s.mi.Status.Claims = kept, claims
	s.written.pruned = len(errs) == 0
	return errors.Join(errs...)
}

// releaseClaim takes back the fields of one claim.
func (r *Reconciler) releaseClaim(ctx context.Context, c v1alpha1.Claim) error {
	_, err := r.Writer().Release(ctx, apply.ClaimOf(c))
	return err
}

func (r *Reconciler) countConflicts(objects []*unstructured.Unstructured, conflicts []string) {
	for _, obj := range objects {
		if slices.Contains(conflicts, apply.Describe(obj)) {
			r.Metrics.Conflicts.WithLabelValues(obj.GetKind()).Inc()
		}
	}
}
