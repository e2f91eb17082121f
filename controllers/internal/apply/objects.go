// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/drift"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/translate"
)

// Writer writes objects and fields.
type Writer struct {
	// Client writes, and reads from the cache.
	Client client.Client

	// Live reads from the API server, where an old answer would do harm.
	Live client.Reader

	// Denials keep a write that was refused from being sent again at once; nil for none.
	Denials *Denials
}

// Change is what a write did.
type Change string

// The changes.
const (
	Unchanged  Change = "Unchanged"
	Created    Change = "Created"
	Configured Change = "Configured"
)

// Object makes an owned object as desired, or does nothing where it is. A stranger's
// object of that name is an *ObjectConflictError: apply alone would adopt it.
func (w Writer) Object(ctx context.Context, owner translate.Owner, desired *unstructured.Unstructured) (Change, error) {
	live, err := w.find(ctx, desired.GroupVersionKind(), client.ObjectKeyFromObject(desired))
	if err != nil {
		return Unchanged, err
	}
	change := Created
	if live != nil {
		if !owner.Owns(live) {
			return Unchanged, &ObjectConflictError{Describe(desired)}
		}
		if !drift.Differs(desired.Object, live, v1alpha1.FieldManager) {
			return Unchanged, nil
		}
		change = Configured
	}
	if err := w.apply(logging(ctx, "change", change), desired, live); err != nil {
		return Unchanged, fmt.Errorf("applying %s: %w", Describe(desired), err)
	}
	return change, nil
}

// apply forces an object of ours to be as desired. With the UID of what was looked
// at, so that it is not another's which has taken the name meanwhile; that is a
// conflict.
func (w Writer) apply(ctx context.Context, desired, live *unstructured.Unstructured) error {
	body := desired.DeepCopy()
	if live != nil {
		body.SetUID(live.GetUID())
	}
	err := w.send(ctx, "Applying object", body, v1alpha1.FieldManager, client.ForceOwnership)
	if live != nil && isGone(err) {
		resource := schema.GroupResource{Group: desired.GroupVersionKind().Group, Resource: desired.GetKind()}
		return apierrors.NewConflict(resource, desired.GetName(), err)
	}
	return err
}

// find reads an object from the cache, and where it is not there asks the API
// server, because the cache may lag behind our own writes. Nil means not there.
func (w Writer) find(
	ctx context.Context, gvk schema.GroupVersionKind, key client.ObjectKey,
) (*unstructured.Unstructured, error) {
	for _, reader := range []client.Reader{w.Client, w.Live} {
		obj := &unstructured.Unstructured{}
		obj.SetGroupVersionKind(gvk)
		err := reader.Get(ctx, key, obj)
		if err == nil {
			return obj, nil
		}
		if !isGone(err) {
			return nil, fmt.Errorf("reading %s %s: %w", gvk.Kind, key, err)
		}
	}
	return nil, nil
}

// Delete removes an owned object. One that is gone, whose kind is gone, or that
// has come to be somebody else's, is none of our business any more.
func (w Writer) Delete(ctx context.Context, owner translate.Owner, entry v1alpha1.InventoryEntry) error {
	live, err := w.live(ctx, entry)
	if err != nil || live == nil || !owner.Owns(live) {
		return err
	}
	uid, version := live.GetUID(), live.GetResourceVersion()
	err = w.sendOther("delete", live, func() error {
		log.FromContext(ctx).Info("Deleting object", "object", Describe(live))
		return w.Client.Delete(ctx, live, client.Preconditions{UID: &uid, ResourceVersion: &version})
	})
	if err != nil && !isGone(err) {
		return fmt.Errorf("deleting %s: %w", Describe(live), err)
	}
	return nil
}

// Orphan takes our marks off an object and leaves the rest as it is.
func (w Writer) Orphan(ctx context.Context, owner translate.Owner, entry v1alpha1.InventoryEntry) error {
	live, err := w.live(ctx, entry)
	if err != nil || live == nil || !owner.Owns(live) {
		return err
	}
	before := live.DeepCopy()
	unmark(live, owner)
	err = w.sendOther("orphan", live, func() error {
		log.FromContext(ctx).Info("Orphaning object", "object", Describe(live))
		return w.Client.Patch(ctx, live, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	})
	if err != nil && !isGone(err) {
		return fmt.Errorf("orphaning %s: %w", Describe(live), err)
	}
	return nil
}

func unmark(obj *unstructured.Unstructured, owner translate.Owner) {
	labels := obj.GetLabels()
	delete(labels, v1alpha1.OwnerLabel)
	delete(labels, v1alpha1.ManagedByLabel)
	obj.SetLabels(labels)
	annotations := obj.GetAnnotations()
	delete(annotations, v1alpha1.OwnerAnnotation)
	obj.SetAnnotations(annotations)
	var refs []metav1.OwnerReference
	for _, ref := range obj.GetOwnerReferences() {
		if ref.UID != owner.UID {
			refs = append(refs, ref)
		}
	}
	obj.SetOwnerReferences(refs)
}

func (w Writer) live(ctx context.Context, entry v1alpha1.InventoryEntry) (*unstructured.Unstructured, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(inventory.GVK(entry))
	err := w.Live.Get(ctx, client.ObjectKey{Namespace: entry.Namespace, Name: entry.Name}, obj)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s %s/%s: %w", entry.Kind, entry.Namespace, entry.Name, err)
	}
	return obj, nil
}

// Describe names an object for people: "<kind> <namespace>/<name>".
func Describe(obj client.Object) string {
	name := obj.GetName()
	if ns := obj.GetNamespace(); ns != "" {
		name = ns + "/" + name
	}
	return obj.GetObjectKind().GroupVersionKind().Kind + " " + name
}

// Conflicts lists the objects whose names are taken by somebody else, sorted.
func (w Writer) Conflicts(
	ctx context.Context, owner translate.Owner, objects []*unstructured.Unstructured,
) ([]string, error) {
	var taken []string
	for _, obj := range objects {
		live, err := w.find(ctx, obj.GroupVersionKind(), client.ObjectKeyFromObject(obj))
		if err != nil {
			return nil, err
		}
		if live != nil && !owner.Owns(live) {
			taken = append(taken, Describe(obj))
		}
	}
	slices.Sort(taken)
	return taken, nil
}
