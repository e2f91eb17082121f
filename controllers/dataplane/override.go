// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
)

func overrides(class *v1alpha1.MeshIngressClass) bool {
	return class.Spec.DataPlane.ConflictPolicy == v1alpha1.ConflictPolicyOverride
}

// overrides reports whether some class that claims a target takes over what others
// have set on it.
func (s *scope) overrides(target v1alpha1.InventoryEntry) bool {
	for _, v := range s.views {
		if s.counts(v) && overrides(v.class) && v.has(target) {
			return true
		}
	}
	return false
}

// set sets the fields of a claim, and gives back what was taken for fields that are no
// longer wanted, or for a claim that is no longer to take any.
func (r *Reconciler) set(
	ctx context.Context, s *scope, claim apply.Claim, live client.Object, overrides bool,
) (apply.Change, error) {
	taken := s.taken(claim)
	if len(taken) == 0 && !overrides {
		return r.Writer().Fields(ctx, claim, live)
	}
	if !overrides {
		still, err := r.Writer().StillTaken(ctx, claim, taken)
		if err != nil {
			return apply.Unchanged, err
		}
		if err := r.recordAll(ctx, s, claim, still); err != nil {
			return apply.Unchanged, err
		}
		taken, claim = still, leftTo(claim, still)
	}
	write := func() (apply.Change, error) { return r.Writer().Force(ctx, claim, live, taken) }
	given := func(f v1alpha1.OverriddenField) bool {
		_, wanted, _ := unstructured.NestedFieldNoCopy(claim.Fields, f.Path...)
		return isFor(f, claim) && (!wanted || !overrides)
	}
	if slices.ContainsFunc(taken, given) {
		// What is forgotten is never given back: an old cache is not enough for that.
		write = func() (apply.Change, error) { return r.Writer().GiveBack(ctx, claim, taken) }
	}
	change, err := write()
	if err != nil {
		return change, err
	}
	return change, r.forgetAll(ctx, s, claim, given)
}

// forgetAll drops records of a claim with all classes: one that kept them would try for
// ever to give back what nobody can be given.
func (r *Reconciler) forgetAll(
	ctx context.Context, s *scope, claim apply.Claim, which func(v1alpha1.OverriddenField) bool,
) error {
	for _, other := range s.peers {
		if err := r.recordTaken(ctx, other, claim, slices.DeleteFunc(overridden(other, claim), which)); err != nil {
			return err
		}
	}
	forget(s.class, which)
	return nil
}

// take writes down what is about to be taken from others, and forgets what others have
// set or removed since it was taken.
func (r *Reconciler) take(ctx context.Context, s *scope, claim apply.Claim, live client.Object) error {
	known := s.taken(claim)
	taken, err := apply.Taken(claim, live, known)
	if err == nil && len(known) > 0 && !equality.Semantic.DeepEqual(taken, known) {
		// What is forgotten is never given back: an old cache is not enough for that.
		taken, err = r.Writer().TakenLive(ctx, claim, known)
	}
	if err != nil {
		return err
	}
	if err := r.recordAll(ctx, s, claim, taken); err != nil {
		return err
	}
	return r.recordTaken(ctx, s.class, claim, taken)
}

// recordAll writes down what is taken for a claim with all classes that know of something:
// what one of them did not forget, it would give back once the claim has set the field anew.
func (r *Reconciler) recordAll(
	ctx context.Context, s *scope, claim apply.Claim, taken []v1alpha1.OverriddenField,
) error {
	for _, class := range append(slices.Clone(s.peers), s.class) {
		if len(overridden(class, claim)) == 0 {
			continue
		}
		if err := r.recordTaken(ctx, class, claim, taken); err != nil {
			return err
		}
	}
	return nil
}

// recordTaken writes down what is taken for a claim, in place of what was.
func (r *Reconciler) recordTaken(
	ctx context.Context, class *v1alpha1.MeshIngressClass, claim apply.Claim, taken []v1alpha1.OverriddenField,
) error {
	before := class.DeepCopy()
	forget(class, func(f v1alpha1.OverriddenField) bool { return isFor(f, claim) })
	class.Status.Overridden = append(class.Status.Overridden, taken...)
	slices.SortFunc(class.Status.Overridden, compareFields)
	if equality.Semantic.DeepEqual(before.Status.Overridden, class.Status.Overridden) {
		return nil
	}
	if err := r.PatchStatus(ctx, before, class); err != nil {
		class.Status.Overridden = before.Status.Overridden // what cannot be recorded must not spoil the status
		return fmt.Errorf("recording what is taken over: %w", err)
	}
	return nil
}

// giveBack releases a claim, and puts back what was taken for it.
func (r *Reconciler) giveBack(ctx context.Context, s *scope, claim apply.Claim) (apply.Change, error) {
	change, err := r.Writer().GiveBack(ctx, claim, s.taken(claim))
	if err != nil {
		return change, err
	}
	forget(s.class, func(f v1alpha1.OverriddenField) bool { return isFor(f, claim) })
	return change, nil
}

// handOver leaves a claim, and what was taken for it, to another class that wants the same.
// It sees to it that the heir knows, because nobody else will take the claim back.
func (r *Reconciler) handOver(ctx context.Context, s *scope, claim apply.Claim, heir *v1alpha1.MeshIngressClass) error {
	if err := r.AddFinalizer(ctx, heir); err != nil {
		return fmt.Errorf("handing over to MeshIngressClass %s: %w", heir.Name, err)
	}
	if err := r.record(ctx, heir, nil, []v1alpha1.Claim{claim.Record()}); err != nil {
		return fmt.Errorf("handing over to MeshIngressClass %s: %w", heir.Name, err)
	}
	recorded := overridden(s.class, claim)
	if len(recorded) == 0 {
		return nil
	}
	taken, err := r.Writer().StillTaken(ctx, claim, recorded)
	if err != nil {
		return err
	}
	if err := r.recordTaken(ctx, heir, claim, taken); err != nil {
		return fmt.Errorf("handing over to MeshIngressClass %s: %w", heir.Name, err)
	}
	forget(s.class, func(f v1alpha1.OverriddenField) bool { return isFor(f, claim) })
	return nil
}

// forget drops records from the status of a class, which is written at the end.
func forget(class *v1alpha1.MeshIngressClass, which func(v1alpha1.OverriddenField) bool) {
	class.Status.Overridden = slices.DeleteFunc(class.Status.Overridden, which)
}

// taken are the fields that were taken for a claim, by this class or by another one
// that shares it, and when any of them took each again.
func (s *scope) taken(claim apply.Claim) []v1alpha1.OverriddenField {
	found := overridden(s.class, claim)
	for _, other := range s.peers {
		theirs := overridden(other, claim)
		if len(found) == 0 {
			found = theirs
		}
		noteLatest(found, theirs)
	}
	return found
}

// overridden are the fields that were taken for a claim.
func overridden(class *v1alpha1.MeshIngressClass, claim apply.Claim) []v1alpha1.OverriddenField {
	var found []v1alpha1.OverriddenField
	for _, f := range class.Status.Overridden {
		if isFor(f, claim) {
			found = append(found, f)
		}
	}
	return found
}

func isFor(f v1alpha1.OverriddenField, claim apply.Claim) bool {
	return f.Claim == claim.Record()
}

// leftTo leaves the fields of a claim that are given back to others. Where these had set what
// is wanted anyway, the rest of the claim stays as it is.
func leftTo(claim apply.Claim, taken []v1alpha1.OverriddenField) apply.Claim {
	var lost [][]string
	claim.Fields = runtime.DeepCopyJSON(claim.Fields)
	for _, f := range taken {
		wanted, found, _ := unstructured.NestedFieldNoCopy(claim.Fields, f.Path...)
		if !found {
			continue
		}
		if text, err := json.Marshal(wanted); err != nil || string(text) != f.Value {
			lost = append(lost, f.Path)
			continue
		}
		unstructured.RemoveNestedField(claim.Fields, f.Path...)
	}
	return without(claim, lost)
}

func compareFields(a, b v1alpha1.OverriddenField) int {
	return cmp.Or(cmp.Compare(a.UID, b.UID), cmp.Compare(a.Manager, b.Manager), slices.Compare(a.Path, b.Path))
}
