// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
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
	return r.prune(ctx, s, inventory.Of(plan.Objects), wanted)
}

// target is a field set and the object that it is for, as the cache holds it.
type target struct {
	claim apply.Claim
	live  *unstructured.Unstructured
}

func (t target) record() v1alpha1.Claim {
	return v1alpha1.Claim{InventoryEntry: t.claim.Entry, UID: string(t.claim.UID)}
}

// targets finds the objects of others on which the plan sets fields.
func (r *Reconciler) targets(ctx context.Context, s *scope, sets []providers.FieldSet) ([]target, error) {
	var found []target
	for _, set := range sets {
		synced, err := r.Watches.Ensure(ctx, set.Target.GroupVersionKind)
		if err != nil || !synced {
			s.waiting = true
			return nil, err
		}
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(set.Target.GroupVersionKind)
		key := client.ObjectKey{Namespace: set.Target.Namespace, Name: set.Target.Name}
		err = r.Client.Get(ctx, key, live)
		if apierrors.IsNotFound(err) {
			s.written.missing = fmt.Errorf("there is no %s %s: create it or correct the reference", set.Target.Kind, key)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s %s: %w", set.Target.Kind, key, err)
		}
		found = append(found, target{live: live, claim: apply.Claim{
			Entry: inventory.Entry(set.Target.GroupVersionKind, key.Namespace, key.Name), UID: live.GetUID(),
			Manager: apply.ManagerFor(s.class.UID), Fields: set.Fields,
		}})
	}
	return found, nil
}

// wantedClaims are the claims this class has from now on: those of its plan, those
// on its workloads, and what is held as it is.
func (s *scope) wantedClaims(targets []target) []v1alpha1.Claim {
	var wanted []v1alpha1.Claim
	for _, t := range targets {
		wanted = append(wanted, t.record())
	}
	if !s.views[s.class.Name].enforces() {
		return sortClaims(wanted)
	}
	for _, w := range s.workloads {
		if len(w.Annotations) > 0 && !s.held(w.Workload.WorkloadReference) {
			wanted = append(wanted, recordOf(w.Workload))
		}
	}
	for _, c := range s.class.Status.Claims {
		if isWorkload(c.InventoryEntry) && s.held(workloadRef(c.InventoryEntry)) {
			wanted = append(wanted, c)
		}
	}
	return sortClaims(wanted)
}

// record writes into the status what is about to be written elsewhere.
func (r *Reconciler) record(
	ctx context.Context, class *v1alpha1.MeshIngressClass, objects []v1alpha1.InventoryEntry, wanted []v1alpha1.Claim,
) error {
	entries := inventory.Union(class.Status.Inventory, objects)
	claims := sortClaims(slices.Concat(class.Status.Claims, wanted))
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
	ctx context.Context, s *scope, objects []*unstructured.Unstructured, targets []target,
) error {
	if s.written.missing != nil {
		return nil // half a plan is of no use
	}
	settled := s.before.Status.ObservedGeneration == s.class.Generation
	for _, obj := range objects {
		if synced, err := r.Watches.Ensure(ctx, obj.GroupVersionKind()); err != nil || !synced {
			s.waiting = true
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
		_, err := r.Writer().Fields(ctx, t.claim, t.live)
		if err := r.noteConflict(s, t.claim.Entry.Kind, err); err != nil {
			return err
		}
	}
	return nil
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

// writeWorkloads writes into the workloads of this class what all classes want. It
// waits for the rest of the plan and for the routes: a proxy in ingress mode, with
// no header set, lets every client choose the Service.
func (r *Reconciler) writeWorkloads(ctx context.Context, s *scope) error {
	if !s.views[s.class.Name].enforces() || s.waiting || s.written.incomplete() != nil {
		return nil
	}
	settled := s.before.Status.ObservedGeneration == s.class.Generation
	for i := range s.workloads {
		w := &s.workloads[i]
		ready, err := r.ready(ctx, s, w)
		if err != nil {
			return err
		}
		if !ready {
			continue
		}
		change, err := r.writeWorkload(ctx, recordOf(w.Workload), w.merged.Annotations)
		if err := r.noteWorkload(w, err); err != nil {
			return err
		}
		if change != apply.Configured || w.err != nil {
			continue
		}
		s.rolls(w.Workload.WorkloadReference)
		if settled {
			r.Metrics.DriftCorrections.WithLabelValues(w.Workload.Kind).Inc()
		}
	}
	return nil
}

// ready reports whether a workload may be written now.
func (r *Reconciler) ready(ctx context.Context, s *scope, w *workload) (bool, error) {
	if w.Blocked != "" || s.held(w.Workload.WorkloadReference) {
		return false, nil
	}
	if !w.entersIngressMode() {
		return true, nil
	}
	var err error
	w.waitsFor, err = r.headerless(ctx, s, w.Workload.WorkloadReference)
	return len(w.waitsFor) == 0, err
}

// rolls notes that a workload was written: what was read of it is how it was before.
func (s *scope) rolls(ref v1alpha1.WorkloadReference) {
	for i := range s.workloads {
		if s.workloads[i].Workload.WorkloadReference == ref {
			s.workloads[i].Workload.RolledOut = false
		}
	}
}

// noteWorkload keeps a refusal for the status and lets other errors through.
func (r *Reconciler) noteWorkload(w *workload, err error) error {
	if !isConflict(err) && !apply.IsDenied(err) {
		return err
	}
	w.err = err
	if isConflict(err) {
		r.Metrics.Conflicts.WithLabelValues(w.Workload.Kind).Inc()
	}
	return nil
}

// writeWorkload sets the annotations on a workload. One that is gone needs nothing.
func (r *Reconciler) writeWorkload(
	ctx context.Context, record v1alpha1.Claim, annotations map[string]string,
) (apply.Change, error) {
	live, err := r.getWorkload(ctx, record.InventoryEntry)
	if err != nil {
		if apierrors.IsNotFound(err) {
			return apply.Unchanged, nil
		}
		return apply.Unchanged, fmt.Errorf("reading %s %s/%s: %w", record.Kind, record.Namespace, record.Name, err)
	}
	change, err := r.Writer().Fields(ctx, workloadClaim(record, annotations), live)
	var gone *apply.GoneError
	if errors.As(err, &gone) {
		return apply.Unchanged, nil
	}
	return change, err
}

func (r *Reconciler) getWorkload(ctx context.Context, e v1alpha1.InventoryEntry) (client.Object, error) {
	var obj client.Object
	switch e.Kind {
	case "DaemonSet":
		obj = &appsv1.DaemonSet{}
	case "StatefulSet":
		obj = &appsv1.StatefulSet{}
	default:
		obj = &appsv1.Deployment{}
	}
	return obj, r.Client.Get(ctx, client.ObjectKey{Namespace: e.Namespace, Name: e.Name}, obj)
}

// prune takes back what is recorded and no longer wanted, and then forgets it.
func (r *Reconciler) prune(
	ctx context.Context, s *scope, objects []v1alpha1.InventoryEntry, wanted []v1alpha1.Claim,
) error {
	if s.waiting {
		return nil
	}
	for _, c := range workloadsFirst(s.class.Status.Claims) {
		if slices.Contains(wanted, c) {
			continue
		}
		if err := r.takeBack(ctx, s, c); err != nil {
			return err
		}
	}
	for _, entry := range slices.Backward(inventory.Stale(s.class.Status.Inventory, objects)) {
		if err := r.Writer().Delete(ctx, translate.ClassOwner(s.class), entry); err != nil {
			return err
		}
	}
	s.class.Status.Inventory, s.class.Status.Claims = objects, wanted
	return nil
}

// takeBack releases one claim of the class. The fields of a workload that other
// classes claim as well are theirs: the same event makes them set what is left.
func (r *Reconciler) takeBack(ctx context.Context, s *scope, c v1alpha1.Claim) error {
	if !isWorkload(c.InventoryEntry) {
		_, err := r.Writer().Release(ctx, apply.Claim{
			Entry: c.InventoryEntry, UID: types.UID(c.UID), Manager: apply.ManagerFor(s.class.UID),
		})
		return err
	}
	if s.claimedByOthers(c) {
		return nil
	}
	change, err := r.Writer().Release(ctx, workloadClaim(c, nil))
	if change == apply.Configured {
		s.rolls(workloadRef(c.InventoryEntry))
	}
	return err
}

// workloadsFirst is the order of taking back: as long as a proxy is in ingress mode,
// the setting that sends the header must stay.
func workloadsFirst(claims []v1alpha1.Claim) []v1alpha1.Claim {
	ordered := slices.Clone(claims)
	slices.SortStableFunc(ordered, func(a, b v1alpha1.Claim) int {
		switch {
		case isWorkload(a.InventoryEntry) == isWorkload(b.InventoryEntry):
			return 0
		case isWorkload(a.InventoryEntry):
			return -1
		default:
			return 1
		}
	})
	return ordered
}

func sortClaims(claims []v1alpha1.Claim) []v1alpha1.Claim {
	slices.SortFunc(claims, func(a, b v1alpha1.Claim) int { return strings.Compare(claimKey(a), claimKey(b)) })
	return slices.Compact(claims)
}

func claimKey(c v1alpha1.Claim) string {
	return strings.Join([]string{c.Group, c.Kind, c.Namespace, c.Name, c.UID}, "/")
}
