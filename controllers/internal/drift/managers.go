// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// beforeFirstApply owns all that is there once somebody applies to an object without
// managed fields (k8s.io/apimachinery v0.37.2,
// pkg/util/managedfields/internal/skipnonapplied.go).
const beforeFirstApply = "before-first-apply"

// manager is an entry of the managed fields, and the fields it holds.
type manager struct {
	entry metav1.ManagedFieldsEntry
	set   *fieldpath.Set
}

type managers []manager

// managersOf leaves out what cannot be read.
func managersOf(live *unstructured.Unstructured) managers {
	entries := live.GetManagedFields()
	if len(entries) == 0 {
		all := fieldpath.SetFromValue(value.NewValueInterface(live.Object))
		return managers{{metav1.ManagedFieldsEntry{
			Manager: beforeFirstApply, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: live.GetAPIVersion(),
		}, all}}
	}
	var read managers
	for _, entry := range entries {
		if set, err := fieldsOf(entry); err == nil {
			read = append(read, manager{entry, set})
		}
	}
	return read
}

func fieldsOf(e metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	set := &fieldpath.Set{}
	if e.FieldsV1 == nil {
		return set, nil
	}
	if err := set.FromJSON(e.FieldsV1.GetRawReader()); err != nil {
		return nil, fmt.Errorf("reading the managed fields of %s: %w", e.Manager, err)
	}
	return set, nil
}

func (m managers) owners(path []string) []metav1.ManagedFieldsEntry {
	var owners []metav1.ManagedFieldsEntry
	for _, each := range m {
		if each.set.Has(fieldPath(path)) {
			owners = append(owners, each.entry)
		}
	}
	return owners
}

// within reports whether a part of what is at a path is owned, so that who owns the
// path as well owns no more than that something is there.
func (m managers) within(path []string) bool {
	return slices.ContainsFunc(m, func(each manager) bool {
		set := each.set
		for _, element := range fieldPath(path) {
			set = set.WithPrefix(element)
		}
		return !set.Empty()
	})
}

// Holders says who holds the field at a path: the manager by server-side apply, and
// anyone else.
func Holders(live *unstructured.Unstructured, path []string, manager string) (held, byOthers bool) {
	for _, e := range managersOf(live).owners(path) {
		if isApplied(e, manager) {
			held = true
		} else {
			byOthers = true
		}
	}
	return held, byOthers
}

// OwnedBy reports whether each of some owners holds the field at a path, by whatever
// operation: Helm 4 applies what Helm 3 had updated, and has the same name.
func OwnedBy(live *unstructured.Unstructured, path []string, owners []v1alpha1.FieldOwner) bool {
	entries := managersOf(live).owners(path)
	return !slices.ContainsFunc(owners, func(owner v1alpha1.FieldOwner) bool {
		return !slices.ContainsFunc(entries, func(e metav1.ManagedFieldsEntry) bool { return e.Manager == owner.Manager })
	})
}

// HandOver is managed fields in which overridden fields belong to their former owners,
// and no longer to the manager that applied them.
func HandOver(
	entries []metav1.ManagedFieldsEntry, manager string, fields []v1alpha1.OverriddenField,
) ([]metav1.ManagedFieldsEntry, error) {
	var kept []metav1.ManagedFieldsEntry
	taken := fieldpath.NewSet()
	for _, field := range fields {
		taken.Insert(fieldPath(field.Path))
	}
	for _, e := range entries {
		if isApplied(e, manager) {
			left, err := change(&e, func(set *fieldpath.Set) *fieldpath.Set { return set.Difference(taken) })
			if err != nil {
				return nil, err
			}
			if left.Empty() {
				continue
			}
		}
		kept = append(kept, e)
	}
	for _, field := range fields {
		for _, owner := range field.Owners {
			i := slices.IndexFunc(kept, func(e metav1.ManagedFieldsEntry) bool { return isOf(e, owner) })
			if i < 0 {
				i, kept = len(kept), append(kept, entryOf(owner))
			}
			if _, err := change(&kept[i], fieldpath.NewSet(fieldPath(field.Path)).Union); err != nil {
				return nil, err
			}
		}
	}
	return kept, nil
}

// isOf reports whether an entry is an owner's. Who applies has one entry, whatever the
// version (BuildManagerIdentifier of k8s.io/apimachinery v0.37.2,
// pkg/util/managedfields/internal/managedfields.go).
func isOf(e metav1.ManagedFieldsEntry, owner v1alpha1.FieldOwner) bool {
	return e.Manager == owner.Manager && string(e.Operation) == owner.Operation && e.Subresource == "" &&
		(e.APIVersion == owner.APIVersion || e.Operation == metav1.ManagedFieldsOperationApply)
}

// entryOf has no time: the API server takes it for the oldest.
func entryOf(owner v1alpha1.FieldOwner) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager: owner.Manager, Operation: metav1.ManagedFieldsOperationType(owner.Operation),
		APIVersion: owner.APIVersion, FieldsType: "FieldsV1",
	}
}

// change gives an entry other fields, which it returns.
func change(e *metav1.ManagedFieldsEntry, to func(*fieldpath.Set) *fieldpath.Set) (*fieldpath.Set, error) {
	set, err := fieldsOf(*e)
	if err != nil {
		return nil, err
	}
	set = to(set)
	raw, err := set.ToJSON()
	if err != nil {
		return nil, fmt.Errorf("writing the managed fields of %s: %w", e.Manager, err)
	}
	e.FieldsV1 = metav1.NewFieldsV1(string(raw))
	return set, nil
}

// PathString is a path as the API server writes it: ".data.key".
func PathString(path []string) string { return fieldPath(path).String() }

func fieldPath(keys []string) fieldpath.Path {
	path := make(fieldpath.Path, 0, len(keys))
	for _, key := range keys {
		path = append(path, fieldpath.PathElement{FieldName: &key})
	}
	return path
}
