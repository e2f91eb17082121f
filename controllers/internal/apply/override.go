// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/drift"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
)

// What v1alpha1.OverriddenField can hold.
const (
	maxValueBytes = 4096
	maxKeys       = 16
	maxKeyBytes   = 317
	maxOwners     = 16
)

// Taken lists what must be recorded of a claim's object before Force: the fields that
// others hold with another value, as they are, and of those recorded before the ones
// that nobody else has set since. It is sorted, and nil where there is nothing.
//
// A field that cannot be recorded, or is held by another manager of the operator, is a
// *FieldConflictError. Live must not be older than the records, so where there are any
// it is best not from a cache.
func Taken(claim Claim, live client.Object, recorded []v1alpha1.OverriddenField) ([]v1alpha1.OverriddenField, error) {
	current, err := toUnstructured(live)
	if err != nil || live.GetUID() != claim.UID {
		return nil, err
	}
	var taken []v1alpha1.OverriddenField
	for _, contest := range drift.Contests(claim.Fields, current, claim.Manager) {
		field, err := claim.record(contest)
		if err != nil {
			return nil, err
		}
		taken = append(taken, withFormerOwners(field, recorded))
	}
	still, err := claim.stillTaken(current, recorded)
	for _, field := range still {
		again := func(f v1alpha1.OverriddenField) bool { return slices.Equal(f.Path, field.Path) }
		if !slices.ContainsFunc(taken, again) {
			taken = append(taken, field)
		}
	}
	slices.SortFunc(taken, func(a, b v1alpha1.OverriddenField) int { return slices.Compare(a.Path, b.Path) })
	return taken, err
}

// withFormerOwners adds those who had set the same before: a value that comes back is
// still theirs, too. When the field was taken again stays known.
func withFormerOwners(field v1alpha1.OverriddenField, recorded []v1alpha1.OverriddenField) v1alpha1.OverriddenField {
	for _, former := range recorded {
		if former.Claim != field.Claim || !slices.Equal(former.Path, field.Path) {
			continue
		}
		field.RetakenAt = former.RetakenAt
		if former.Value == field.Value {
			field.Owners = slices.Concat(field.Owners, former.Owners)
		}
	}
	slices.SortFunc(field.Owners, compareOwners)
	field.Owners = slices.Compact(field.Owners)
	return field
}

func compareOwners(a, b v1alpha1.FieldOwner) int {
	return cmp.Or(cmp.Compare(a.Manager, b.Manager), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.APIVersion, b.APIVersion))
}

// SetBack lists those of the conflicts of a claim that are about fields which were taken
// over before, as recorded, and which the manager of the claim has lost since. A field that
// it still holds, together with others, is not among them: there the claim has changed.
func SetBack(claim Claim, live client.Object, recorded []v1alpha1.OverriddenField) ([]*FieldConflictError, error) {
	current, err := toUnstructured(live)
	if err != nil || len(recorded) == 0 {
		return nil, err
	}
	conflicts, err := FieldConflicts(claim, live)
	if err != nil {
		return nil, err
	}
	var back []*FieldConflictError
	for _, c := range conflicts {
		held, _ := drift.Holders(current, c.Path, claim.Manager)
		same := func(f v1alpha1.OverriddenField) bool { return slices.Equal(f.Path, c.Path) }
		if !held && slices.ContainsFunc(recorded, same) {
			c.SetBack = true
			back = append(back, c)
		}
	}
	return back, nil
}

// TakenLive is Taken on the object as the API server has it. Where it is gone, what was
// recorded stays.
func (w Writer) TakenLive(
	ctx context.Context, claim Claim, recorded []v1alpha1.OverriddenField,
) ([]v1alpha1.OverriddenField, error) {
	live, err := w.live(ctx, claim.Entry)
	if err != nil || live == nil {
		return recorded, err
	}
	return Taken(claim, live, recorded)
}

// StillTaken lists those of the recorded fields that GiveBack would put back: nobody has
// set them since. It asks the API server. Where the object is gone, all are.
func (w Writer) StillTaken(
	ctx context.Context, claim Claim, recorded []v1alpha1.OverriddenField,
) ([]v1alpha1.OverriddenField, error) {
	live, err := w.live(ctx, claim.Entry)
	if err != nil || live == nil {
		return recorded, err
	}
	return claim.stillTaken(live, recorded)
}

func (c Claim) record(contest drift.Contest) (v1alpha1.OverriddenField, error) {
	field := v1alpha1.OverriddenField{Claim: c.Record(), Path: contest.Path}
	conflict := &FieldConflictError{
		Object: c.String(), Field: drift.PathString(contest.Path), Manager: contest.Owners[0].Manager,
	}
	value, err := json.Marshal(contest.Value)
	if err != nil {
		return field, fmt.Errorf("recording %s of %s: %w", conflict.Field, c, err)
	}
	field.Value = string(value)
	for _, owner := range contest.Owners {
		switch {
		case strings.HasPrefix(owner.Manager, v1alpha1.FieldManagerPrefix):
			conflict.Manager = owner.Manager
			return field, conflict
		case owner.Subresource != "":
			conflict.Why = "it is set through the subresource " + owner.Subresource
		}
		field.Owners = append(field.Owners, c.owner(owner))
	}
	slices.SortFunc(field.Owners, compareOwners)
	if conflict.Why = cmp.Or(conflict.Why, tooLarge(field)); conflict.Why != "" {
		return field, conflict
	}
	return field, nil
}

// owner has the version of the claim where an object came without one, as it does from
// a typed client.
func (c Claim) owner(e metav1.ManagedFieldsEntry) v1alpha1.FieldOwner {
	return v1alpha1.FieldOwner{
		Manager: e.Manager, Operation: string(e.Operation),
		APIVersion: cmp.Or(e.APIVersion, inventory.GVK(c.Entry).GroupVersion().String()),
	}
}

// tooLarge says why a field cannot be recorded; empty where it can be.
func tooLarge(f v1alpha1.OverriddenField) string {
	longKey := func(key string) bool { return len(key) > maxKeyBytes }
	switch {
	case len(f.Value) > maxValueBytes:
		return fmt.Sprintf("its value has more than %d bytes of JSON", maxValueBytes)
	case len(f.Path) > maxKeys || slices.ContainsFunc(f.Path, longKey):
		return fmt.Sprintf("its path has more than %d keys, or one of more than %d bytes", maxKeys, maxKeyBytes)
	case len(f.Owners) > maxOwners:
		return fmt.Sprintf("it has more than %d owners", maxOwners)
	}
	return ""
}

// Force sets the fields of a claim as Fields does, and takes those that others hold
// and that are recorded in taken as they are now; another one is a
// *FieldConflictError, and nothing is written. Recorded fields that are no longer in
// the claim are given back.
//
// It is one change of the object, and one of its managed fields alone where something
// is given back. Where an error comes between the two, calling it again does the rest.
// An object that is no longer as live is an apierrors.IsConflict.
func (w Writer) Force(
	ctx context.Context, claim Claim, live client.Object, taken []v1alpha1.OverriddenField,
) (Change, error) {
	current, err := toUnstructured(live)
	if err != nil {
		return Unchanged, err
	}
	if live.GetUID() != claim.UID {
		return Unchanged, &GoneError{claim.String()}
	}
	claim, back, err := claim.withReturned(current, taken)
	if err != nil {
		return Unchanged, err
	}
	change := Unchanged
	if claim.differs(current) {
		if current, err = w.take(ctx, claim, current, taken, back); err != nil {
			return Unchanged, err
		}
		change = Configured
	}
	if len(back) == 0 {
		return change, nil
	}
	return Configured, w.handOver(ctx, claim, current, back)
}

// differs reports whether there is anything to apply or to release.
func (c Claim) differs(live *unstructured.Unstructured) bool {
	if len(c.Fields) == 0 {
		return drift.Manages(live, c.Manager)
	}
	return drift.Differs(c.Fields, live, c.Manager)
}

// take applies a claim to an object as it is, and returns the object as it is then.
//
// It may force what the API server itself calls a conflict: fields that others hold
// and that are recorded, and those that are put back, where a conflict means that live
// is old. The resource version makes sure that nothing else is forced; the API server
// looks at it after the fields.
func (w Writer) take(
	ctx context.Context, claim Claim, live *unstructured.Unstructured, recorded, back []v1alpha1.OverriddenField,
) (*unstructured.Unstructured, error) {
	held, err := claim.held(live, recorded)
	if err != nil {
		return nil, err
	}
	ctx = logging(ctx, "taken", len(held))
	after, err := w.applyAt(ctx, claim, live.GetResourceVersion())
	conflicts := fieldConflicts(err, claim.String())
	for _, conflict := range conflicts {
		same := func(f v1alpha1.OverriddenField) bool { return drift.PathString(f.Path) == conflict.Field }
		if !slices.ContainsFunc(held, same) && !slices.ContainsFunc(back, same) {
			return nil, conflict
		}
	}
	if len(conflicts) > 0 {
		after, err = w.applyAt(ctx, claim, live.GetResourceVersion(), client.ForceOwnership)
	}
	return after, claim.failure(err)
}

// held lists the fields of a claim that others hold. One that is not recorded as it is
// now is a *FieldConflictError.
func (c Claim) held(
	live *unstructured.Unstructured, recorded []v1alpha1.OverriddenField,
) ([]v1alpha1.OverriddenField, error) {
	held, err := Taken(c, live, nil)
	if err != nil {
		return nil, err
	}
	for _, field := range held {
		same := func(f v1alpha1.OverriddenField) bool {
			return equality.Semantic.DeepEqual(withFormerOwners(field, []v1alpha1.OverriddenField{f}), f)
		}
		if !slices.ContainsFunc(recorded, same) {
			return nil, &FieldConflictError{
				Object: c.String(), Field: drift.PathString(field.Path), Manager: field.Owners[0].Manager,
			}
		}
	}
	return held, nil
}
