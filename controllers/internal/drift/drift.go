// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"maps"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// Differs reports whether applying desired as manager would change the live
// object: a value differs or is missing, the manager does not own it, or it owns a
// field that is no longer desired.
//
// What is merged field by field may hold more than desired: fields of others and
// defaults. What is one value to the API server, as most lists are, may not, so
// desired must spell out the defaults of what is in such a list.
func Differs(desired map[string]any, live *unstructured.Unstructured, manager string) bool {
	owned, err := ownedBy(manager, live.GetManagedFields())
	return err != nil || owned.Empty() || ownsMore(desired, owned) || !sameFields(WithoutIdentity(desired), live.Object, owned)
}

// Manages reports whether a manager owns a field by server-side apply.
func Manages(live metav1.Object, manager string) bool {
	return slices.ContainsFunc(live.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return isApplied(e, manager)
	})
}

// WithoutIdentity leaves out of an object what names it and is never a field to own.
func WithoutIdentity(desired map[string]any) map[string]any {
	result := maps.Clone(desired)
	delete(result, "apiVersion")
	delete(result, "kind")
	if metadata, ok := desired["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		delete(metadata, "name")
		delete(metadata, "namespace")
		if result["metadata"] = metadata; len(metadata) == 0 {
			delete(result, "metadata")
		}
	}
	return result
}

// ownedBy is the set of fields that a manager owns by server-side apply.
func ownedBy(manager string, entries []metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	owned := &fieldpath.Set{}
	for _, e := range entries {
		if !isApplied(e, manager) {
			continue
		}
		set, err := fieldsOf(e)
		if err != nil {
			return nil, err
		}
		owned = owned.Union(set)
	}
	return owned, nil
}

func sameFields(desired, live map[string]any, owned *fieldpath.Set) bool {
	for name, want := range desired {
		have, there := live[name]
		if !there || !same(want, have, owned, fieldpath.PathElement{FieldName: &name}) {
			return false
		}
	}
	return true
}

// same compares what is at one element of the set owned.
func same(desired, live any, owned *fieldpath.Set, at fieldpath.PathElement) bool {
	within := owned.WithPrefix(at)
	switch want := desired.(type) {
	case map[string]any:
		if have, ok := live.(map[string]any); ok && !within.Empty() {
			return sameFields(want, have, within)
		}
	case []any:
		if have, ok := live.([]any); ok && !within.Empty() {
			return sameItems(want, have, within)
		}
	}
	return owned.Members.Has(at) && reflect.DeepEqual(desired, live)
}

// sameItems compares lists that are merged item by item.
func sameItems(desired, live []any, owned *fieldpath.Set) bool {
	var elements []fieldpath.PathElement
	owned.Members.Iterate(func(e fieldpath.PathElement) { elements = append(elements, e) })
	owned.Children.Iterate(func(e fieldpath.PathElement) { elements = append(elements, e) })
	for _, want := range desired {
		i := slices.IndexFunc(elements, func(e fieldpath.PathElement) bool { return matches(want, e) })
		if i < 0 {
			return false
		}
		have, there := step(live, elements[i])
		if !there || !sameItem(want, have, owned, elements[i]) {
			return false
		}
	}
	return true
}

// sameItem is same, for an item whose fields may be owned one by one or at once.
func sameItem(desired, live any, owned *fieldpath.Set, at fieldpath.PathElement) bool {
	want, isMap := desired.(map[string]any)
	have, ok := live.(map[string]any)
	if within := owned.WithPrefix(at); isMap && ok && !within.Empty() {
		return sameFields(want, have, within)
	}
	return reflect.DeepEqual(desired, live)
}

// ownsMore reports whether a field is owned and not desired.
func ownsMore(desired map[string]any, owned *fieldpath.Set) bool {
	more := false
	// Not All: its iterator panics where a loop is left early.
	owned.Leaves().Iterate(func(path fieldpath.Path) { more = more || !exists(desired, path) })
	return more
}

func isApplied(e metav1.ManagedFieldsEntry, manager string) bool {
	return e.Manager == manager && e.Operation == metav1.ManagedFieldsOperationApply &&
		e.Subresource == "" && e.FieldsV1 != nil
}

// exists walks a managed field's path through desired.
func exists(node any, path fieldpath.Path) bool {
	for _, element := range path {
		var ok bool
		if node, ok = step(node, element); !ok {
			return false
		}
	}
	return true
}

func step(node any, element fieldpath.PathElement) (any, bool) {
	if element.FieldName != nil {
		m, ok := node.(map[string]any)
		if !ok {
			return nil, false
		}
		next, ok := m[*element.FieldName]
		return next, ok
	}
	items, ok := node.([]any)
	if !ok {
		return nil, false
	}
	i := slices.IndexFunc(items, func(item any) bool { return matches(item, element) })
	if element.Index != nil {
		i = *element.Index
	}
	if i < 0 || i >= len(items) {
		return nil, false
	}
	return items[i], true
}

func matches(item any, element fieldpath.PathElement) bool {
	if element.Value != nil {
		return value.Equals(*element.Value, value.NewValueInterface(item))
	}
	if element.Key == nil {
		return false
	}
	m, ok := item.(map[string]any)
	return ok && hasKeys(m, *element.Key)
}

// hasKeys reports whether an item has the keys of a list, of which the API server
// may have defaulted all but one.
func hasKeys(item map[string]any, keys value.FieldList) bool {
	found := false
	for _, key := range keys {
		field, there := item[key.Name]
		if there && !value.Equals(key.Value, value.NewValueInterface(field)) {
			return false
		}
		found = found || there
	}
	return found
}
