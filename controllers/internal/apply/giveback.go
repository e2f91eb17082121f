// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/drift"
)

// GiveBack is Force on the object as the API server has it: it releases what is not in
// the claim, and puts what is recorded in taken back as it was, with its owners, but
// for what somebody has set since. An object that is gone needs nothing.
func (w Writer) GiveBack(ctx context.Context, claim Claim, taken []v1alpha1.OverriddenField) (Change, error) {
	live, err := w.live(ctx, claim.Entry)
	if err != nil || live == nil {
		return Unchanged, err
	}
	change, err := w.Force(ctx, claim, live, taken)
	var gone *GoneError
	if errors.As(err, &gone) {
		return Unchanged, nil
	}
	return change, err
}

// withReturned adds to a claim the former values of the recorded fields that are to
// be given back, and lists these.
func (c Claim) withReturned(
	live *unstructured.Unstructured, recorded []v1alpha1.OverriddenField,
) (Claim, []v1alpha1.OverriddenField, error) {
	fields := runtime.DeepCopyJSON(c.Fields)
	if fields == nil {
		fields = map[string]any{}
	}
	unwanted := slices.DeleteFunc(slices.Clone(recorded), func(f v1alpha1.OverriddenField) bool {
		_, wanted, _ := unstructured.NestedFieldNoCopy(c.Fields, f.Path...)
		return wanted
	})
	back, err := c.stillTaken(live, unwanted)
	if err != nil {
		return c, nil, err
	}
	for _, field := range back {
		former, err := c.former(field)
		if err != nil {
			return c, nil, err
		}
		if err := unstructured.SetNestedField(fields, former, field.Path...); err != nil {
			return c, nil, fmt.Errorf("giving back fields of %s: %w", c, err)
		}
	}
	c.Fields = fields
	return c, back, nil
}

// stillTaken are the recorded fields that nobody has set since.
func (c Claim) stillTaken(
	live *unstructured.Unstructured, recorded []v1alpha1.OverriddenField,
) ([]v1alpha1.OverriddenField, error) {
	var still []v1alpha1.OverriddenField
	for _, field := range recorded {
		former, err := c.former(field)
		if err != nil {
			return nil, err
		}
		if field.UID == string(c.UID) && c.mayReturn(live, field, former) {
			still = append(still, field)
		}
	}
	return still, nil
}

// former is the value that a field had before it was taken over.
func (c Claim) former(field v1alpha1.OverriddenField) (any, error) {
	var value any
	if err := utiljson.Unmarshal([]byte(field.Value), &value); err != nil {
		return nil, fmt.Errorf("reading what was recorded of %s: %w", c, err)
	}
	return value, nil
}

// mayReturn reports whether there is something to give back, and nobody has set the field
// to anything else since: the manager of the claim alone holds it, or the former value is
// there again and not yet each former owner's. Who has put it back may be another one who
// sets the same, as withFormerOwners has it.
func (c Claim) mayReturn(live *unstructured.Unstructured, field v1alpha1.OverriddenField, former any) bool {
	held, byOthers := drift.Holders(live, field.Path, c.Manager)
	if held && !byOthers {
		return true
	}
	value, _, _ := unstructured.NestedFieldNoCopy(live.Object, field.Path...)
	return reflect.DeepEqual(value, former) && (held || !drift.OwnedBy(live, field.Path, field.Owners))
}

// handOver makes the former owners of fields own them again, and the manager of the
// claim no longer. It changes nothing but managed fields, at the resource version of
// live.
func (w Writer) handOver(
	ctx context.Context, claim Claim, live *unstructured.Unstructured, back []v1alpha1.OverriddenField,
) error {
	entries, err := drift.HandOver(live.GetManagedFields(), claim.Manager, back)
	if err != nil {
		return fmt.Errorf("giving back fields of %s: %w", claim, err)
	}
	replace := func(path string, value any) map[string]any {
		return map[string]any{"op": "replace", "path": path, "value": value}
	}
	patch, err := json.Marshal([]any{
		replace("/metadata/managedFields", entries),
		replace("/metadata/resourceVersion", live.GetResourceVersion()),
	})
	if err != nil {
		return fmt.Errorf("giving back fields of %s: %w", claim, err)
	}
	err = w.sendOther("give back "+claim.Manager, live, func() error {
		log.FromContext(ctx).Info("Giving back fields", "object", claim.String(), "fields", len(back))
		return w.Client.Patch(ctx, claim.object(), client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(claim.Manager))
	})
	if err != nil && !isGone(err) {
		return fmt.Errorf("giving back fields of %s: %w", claim, err)
	}
	return nil
}
