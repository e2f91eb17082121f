// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/drift"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
)

// Claim is a set of fields on somebody else's object.
type Claim struct {
	// Entry and UID name the object; without the UID a release could create it.
	Entry v1alpha1.InventoryEntry
	UID   types.UID

	// Manager that owns the fields.
	Manager string

	// Fields in the shape of the object; nil releases what the manager owns.
	Fields map[string]any
}

// ClaimOf is a recorded claim; it releases what the manager owns.
func ClaimOf(record v1alpha1.Claim) Claim {
	return Claim{Entry: record.InventoryEntry, UID: types.UID(record.UID), Manager: record.Manager}
}

// Record is what is written down before the fields are set.
func (c Claim) Record() v1alpha1.Claim {
	return v1alpha1.Claim{InventoryEntry: c.Entry, UID: string(c.UID), Manager: c.Manager}
}

// ManagerFor is the field manager of a claiming object.
func ManagerFor(uid types.UID) string { return v1alpha1.FieldManagerPrefix + string(uid) }

// ManagerForClass is the field manager of a claiming object for one of the classes
// that it is served by in turn: the fields of both hold while it moves. A hash stands
// for the class, because a manager has at most 128 bytes.
func ManagerForClass(uid types.UID, class string) string {
	sum := sha256.Sum256([]byte(class))
	return ManagerFor(uid) + ":" + hex.EncodeToString(sum[:4])
}

// Differs reports whether setting the fields of a claim would change live, as far as
// live tells without asking the API server.
func Differs(claim Claim, live client.Object) (bool, error) {
	current, err := toUnstructured(live)
	return err == nil && drift.Differs(claim.Fields, current, claim.Manager), err
}

// FieldConflict is the first of FieldConflicts; nil where there is none.
func FieldConflict(claim Claim, live client.Object) (*FieldConflictError, error) {
	conflicts, err := FieldConflicts(claim, live)
	if err != nil || len(conflicts) == 0 {
		return nil, err
	}
	return conflicts[0], nil
}

// FieldConflicts lists what others have set to another value, as far as live tells
// without asking the API server, sorted.
func FieldConflicts(claim Claim, live client.Object) ([]*FieldConflictError, error) {
	current, err := toUnstructured(live)
	if err != nil {
		return nil, err
	}
	var conflicts []*FieldConflictError
	for _, contest := range drift.Contests(claim.Fields, current, claim.Manager) {
		value, err := json.Marshal(contest.Value)
		if err != nil {
			return nil, fmt.Errorf("reading %s of %s: %w", drift.PathString(contest.Path), claim, err)
		}
		conflicts = append(conflicts, &FieldConflictError{
			Object: claim.String(), Field: drift.PathString(contest.Path), Path: contest.Path,
			Manager: contest.Owners[0].Manager, Value: string(value),
		})
	}
	return conflicts, nil
}

// Fields sets the fields of a claim, or releases them, or does nothing where live
// is as it should be. The errors *FieldConflictError and *GoneError are for
// conditions; live is what the cache holds.
func (w Writer) Fields(ctx context.Context, claim Claim, live client.Object) (Change, error) {
	current, err := toUnstructured(live)
	if err != nil {
		return Unchanged, err
	}
	if live.GetUID() != claim.UID {
		return Unchanged, &GoneError{claim.String()}
	}
	if len(claim.Fields) == 0 {
		return w.release(ctx, claim, live)
	}
	if !drift.Differs(claim.Fields, current, claim.Manager) {
		return Unchanged, nil
	}
	// Asking again at each event of the object would be a fight, if a polite one.
	if conflict, err := FieldConflict(claim, current); err != nil {
		return Unchanged, err
	} else if conflict != nil {
		return Unchanged, conflict
	}
	return Configured, w.applyFields(ctx, claim)
}

// Replace sets the fields of a claim that another manager of ours holds with another
// value, which is released first.
func (w Writer) Replace(ctx context.Context, claim Claim, old string) error {
	if _, err := w.Release(ctx, Claim{Entry: claim.Entry, UID: claim.UID, Manager: old}); err != nil {
		return err
	}
	return w.applyFields(ctx, claim)
}

// Release takes back the fields of a claim. An object that is gone needs nothing.
func (w Writer) Release(ctx context.Context, claim Claim) (Change, error) {
	live, err := w.live(ctx, claim.Entry)
	if err != nil || live == nil || live.GetUID() != claim.UID {
		return Unchanged, err
	}
	return w.release(ctx, claim, live)
}

func (w Writer) release(ctx context.Context, claim Claim, live client.Object) (Change, error) {
	if !drift.Manages(live, claim.Manager) {
		return Unchanged, nil
	}
	claim.Fields = nil
	err := w.applyFields(ctx, claim)
	var gone *GoneError
	if errors.As(err, &gone) {
		return Unchanged, nil
	}
	return Configured, err
}

func (w Writer) applyFields(ctx context.Context, claim Claim) error {
	_, err := w.applyAt(ctx, claim, "")
	return claim.failure(err)
}

// applyAt returns the object as it is after the apply. Where a resource version is
// given and the object is no longer at it, the API server answers with a conflict
// that is not one of fields.
func (w Writer) applyAt(
	ctx context.Context, claim Claim, version string, options ...client.ApplyOption,
) (*unstructured.Unstructured, error) {
	body := claim.object()
	body.SetUID(claim.UID)
	body.SetResourceVersion(version)
	if len(claim.Fields) == 0 {
		return body, w.send(ctx, "Releasing fields", body, claim.Manager, options...)
	}
	return body, w.send(logging(ctx, "fields", claim.Fields), "Applying fields", body, claim.Manager, options...)
}

// logging adds a value to what is logged of a write.
func logging(ctx context.Context, key string, value any) context.Context {
	return log.IntoContext(ctx, log.FromContext(ctx).WithValues(key, value))
}

// object has the fields of the claim, and its name.
func (c Claim) object() *unstructured.Unstructured {
	body := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(maps.Clone(c.Fields))}
	if body.Object == nil {
		body.Object = map[string]any{}
	}
	body.SetGroupVersionKind(inventory.GVK(c.Entry))
	body.SetNamespace(c.Entry.Namespace)
	body.SetName(c.Entry.Name)
	return body
}

// failure says what an error of an apply means.
func (c Claim) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case isGone(err):
		return &GoneError{c.String()}
	case apierrors.IsConflict(err):
		if conflicts := fieldConflicts(err, c.String()); len(conflicts) > 0 {
			return conflicts[0]
		}
	}
	return fmt.Errorf("applying fields of %s: %w", c, err)
}

// String is "<kind> <namespace>/<name>".
func (c Claim) String() string {
	return c.Entry.Kind + " " + c.Entry.Namespace + "/" + c.Entry.Name
}

func toUnstructured(obj client.Object) (*unstructured.Unstructured, error) {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		return u, nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, fmt.Errorf("converting %T: %w", obj, err)
	}
	return &unstructured.Unstructured{Object: content}, nil
}
