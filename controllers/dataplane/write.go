// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// outcome is what the writes of one reconcile met, but for those on workloads.
type outcome struct {
	// conflict is an object or a field that is somebody else's.
	conflict error

	// missing is an object of others that fields are to be set on.
	missing error

	// denied is a refusal that trying again soon does not change.
	denied error
}

// incomplete says why not all of the plan could be written; nil where it was.
func (o outcome) incomplete() error {
	if o.missing != nil {
		return o.missing
	}
	return o.conflict
}

// write records what will be written, writes it, and takes back what is no longer
// wanted.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	v := s.views[s.class.Name]
	var plan providers.Plan
	if v.enforces() {
		if v.result.Rejected != nil || s.linkerdMissing() != "" {
			return nil // what was written before stays until it can be told again what is wanted
		}
		if !s.begun() && s.allBlocked() {
			return nil
		}
		plan = v.result.Plan
	}
	targets, err := r.targets(ctx, s, plan.Fields)
	if err != nil {
		return err
	}
	wanted := s.wantedClaims(targets)
	if err := r.record(ctx, s.class, inventory.Of(plan.Objects), wanted); err != nil {
		return err
	}
	if err := r.writePlan(ctx, s, plan.Objects, targets); err != nil {
		return err
	}
	if err := r.writeWorkloads(ctx, s); err != nil {
		return err
	}
	if err := r.prune(ctx, s, inventory.Of(plan.Objects), wanted); err != nil {
		return err
	}
	return r.planAudit(ctx, s)
}

// begun reports whether the class has written anything, or may have.
func (s *scope) begun() bool {
	return len(s.class.Status.Claims) > 0 || len(s.class.Status.Inventory) > 0
}

// allBlocked reports whether no workload can come into the mesh. The settings of the
// class, which are on objects of others too, are of use to a meshed controller only.
func (s *scope) allBlocked() bool {
	return !slices.ContainsFunc(s.workloads, func(w workload) bool { return w.Blocked == "" })
}

// targets finds the objects of others on which the plan sets fields.
func (r *Reconciler) targets(ctx context.Context, s *scope, sets []providers.FieldSet) ([]base.Target, error) {
	found, err := r.FindTargets(ctx, apply.ManagerFor(s.class.UID), sets)
	s.waiting = s.waiting || err == nil && !found.Synced
	s.written.missing = found.Missing
	return found.Found, err
}

// wantedClaims are the claims this class has from now on: those of its plan, those
// on its workloads, and what is held as it is.
func (s *scope) wantedClaims(targets []base.Target) []v1alpha1.Claim {
	var wanted []v1alpha1.Claim
	for _, t := range targets {
		wanted = append(wanted, t.Record())
	}
	if !s.views[s.class.Name].enforces() {
		return inventory.UnionClaims(wanted)
	}
	for _, w := range s.workloads {
		if len(w.Annotations) > 0 && !s.held(w.Target.InventoryEntry) {
			wanted = append(wanted, recordOf(w.Target))
		}
	}
	for _, c := range s.class.Status.Claims {
		if isInjection(c) && s.held(c.InventoryEntry) {
			wanted = append(wanted, c)
		}
	}
	return inventory.UnionClaims(wanted)
}

// record writes into the status what is about to be written elsewhere.
func (r *Reconciler) record(
	ctx context.Context, class *v1alpha1.MeshIngressClass, objects []v1alpha1.InventoryEntry, wanted []v1alpha1.Claim,
) error {
	entries := inventory.Union(class.Status.Inventory, objects)
	claims := inventory.UnionClaims(class.Status.Claims, wanted)
	if equality.Semantic.DeepEqual(class.Status.Inventory, entries) && equality.Semantic.DeepEqual(class.Status.Claims, claims) {
		return nil
	}
	before := class.DeepCopy()
	class.Status.Inventory, class.Status.Claims = entries, claims
	if err := r.PatchStatus(ctx, before, class); err != nil {
		return fmt.Errorf("recording the inventory: %w", err)
	}
	return nil
}

func (r *Reconciler) writePlan(
	ctx context.Context, s *scope, objects []*unstructured.Unstructured, targets []base.Target,
) error {
	if s.written.missing != nil {
		return nil // half a plan is of no use
	}
	settled := s.before.Status.ObservedGeneration == s.class.Generation
	for _, obj := range objects {
		if synced, err := r.Watches.Ensure(ctx, obj.GroupVersionKind()); err != nil || !synced {
			s.waiting = s.waiting || err == nil
			return err
		}
		change, err := r.Writer().Object(ctx, translate.ClassOwner(s.class), obj)
		if err := r.noteConflict(s, obj.GetKind(), err); err != nil {
			return err
		}
		if change != apply.Unchanged && settled {
			r.Metrics.DriftCorrections.WithLabelValues(obj.GetKind()).Inc()
		}
	}
	for _, t := range targets {
		err := r.writeFields(ctx, s, t)
		if err := r.noteConflict(s, t.Claim.Entry.Kind, err); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) writeFields(ctx context.Context, s *scope, t base.Target) error {
	overrides := overrides(s.class)
	if overrides {
		if err := r.take(ctx, s, t.Claim, t.Live); err != nil {
			return err
		}
	}
	_, err := r.set(ctx, s, t.Claim, t.Live, overrides)
	return err
}

// noteConflict keeps a conflict for the status and lets other errors through.
func (r *Reconciler) noteConflict(s *scope, kind string, err error) error {
	if !isConflict(err) {
		return err
	}
	s.written.conflict = err
	r.Metrics.Conflicts.WithLabelValues(kind).Inc()
	return nil
}

func isConflict(err error) bool {
	var object *apply.ObjectConflictError
	var field *apply.FieldConflictError
	return errors.As(err, &object) || errors.As(err, &field)
}

// prune takes back what is recorded and no longer wanted, and then forgets it. As long
// as a proxy is in ingress mode, the settings that send the header stay; as long as a pod
// template names a ServiceAccount, that does.
func (r *Reconciler) prune(
	ctx context.Context, s *scope, objects []v1alpha1.InventoryEntry, wanted []v1alpha1.Claim,
) error {
	if s.waiting {
		return nil
	}
	for _, c := range workloadsFirst(s.class.Status.Claims) {
		switch {
		case slices.Contains(wanted, c):
		case !isInjection(c) && s.inIngressMode():
			wanted = inventory.UnionClaims(wanted, []v1alpha1.Claim{c})
		default:
			if err := r.takeBack(ctx, s, c); err != nil {
				return err
			}
		}
	}
	for _, entry := range slices.Backward(inventory.Stale(s.class.Status.Inventory, objects)) {
		if s.needs(entry) {
			objects = inventory.Union(objects, []v1alpha1.InventoryEntry{entry})
			continue
		}
		if err := r.Writer().Delete(ctx, translate.ClassOwner(s.class), entry); err != nil {
			return err
		}
	}
	s.class.Status.Inventory, s.class.Status.Claims = objects, wanted
	return nil
}

// takeBack releases one claim of the class. The annotations that other classes claim
// as well are theirs: the same event makes them set what is left.
func (r *Reconciler) takeBack(ctx context.Context, s *scope, c v1alpha1.Claim) error {
	claim := apply.ClaimOf(c)
	if heir := s.claimer(c); isInjection(c) && heir != nil {
		return r.handOver(ctx, s, claim, heir)
	}
	change, err := r.giveBack(ctx, s, claim)
	if change == apply.Configured && isInjection(c) {
		s.rolls(c.InventoryEntry)
	}
	return err
}

// workloadsFirst is the order of taking back: as long as a proxy is in ingress mode,
// the setting that sends the header must stay.
func workloadsFirst(claims []v1alpha1.Claim) []v1alpha1.Claim {
	ordered := slices.Clone(claims)
	slices.SortStableFunc(ordered, func(a, b v1alpha1.Claim) int {
		switch {
		case isInjection(a) == isInjection(b):
			return 0
		case isInjection(a):
			return -1
		default:
			return 1
		}
	})
	return ordered
}
