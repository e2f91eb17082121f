// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/controllers/internal/drift"
)

const manager = "meshingress"

// live is an object as an API server returns it after we applied desired, another
// manager added to it, and the server filled in defaults.
const live = `
apiVersion: example.com/v1
kind: Route
metadata:
  name: web
  namespace: shop
  uid: 6f1c
  resourceVersion: "7"
  annotations: {ours: "1", theirs: "2"}
  ownerReferences:
  - {apiVersion: v1, kind: ConfigMap, name: stranger, uid: b}
  - {apiVersion: v1, kind: MeshIngress, name: web, uid: a, controller: true}
  managedFields:
  - manager: meshingress
    operation: Apply
    apiVersion: example.com/v1
    fieldsType: FieldsV1
    fieldsV1:
      f:metadata:
        f:annotations: {"f:ours": {}}
        f:ownerReferences: {'k:{"uid":"a"}': {}}
      f:spec:
        f:hosts: {'v:"a.example"': {}, 'v:"b.example"': {}}
        f:ports:
          'k:{"number":80}': {".": {}, "f:name": {}, "f:number": {}}
        f:rules: {}
  - manager: somebody
    operation: Update
    apiVersion: example.com/v1
    fieldsType: FieldsV1
    fieldsV1:
      f:metadata: {f:annotations: {"f:theirs": {}}}
      f:spec: {f:extra: {}}
spec:
  extra: true
  hosts: [a.example, b.example]
  ports:
  - {name: http, number: 80, protocol: TCP}
  rules:
  - {path: /, weight: 1}
  strategy: Default
status: {ready: true}
`

// desired is what we applied.
const desired = `
apiVersion: example.com/v1
kind: Route
metadata:
  name: web
  namespace: shop
  annotations: {ours: "1"}
  ownerReferences:
  - {apiVersion: v1, kind: MeshIngress, name: web, uid: a, controller: true}
spec:
  hosts: [a.example, b.example]
  ports:
  - {name: http, number: 80}
  rules:
  - {path: /, weight: 1}
`

func TestDiffers(t *testing.T) {
	tests := map[string]struct {
		desired func(t *testing.T, o *unstructured.Unstructured)
		live    func(t *testing.T, o *unstructured.Unstructured)
		want    bool
	}{
		"as applied, with defaults and the fields of others": {want: false},
		"a value was changed": {
			live: set("0", "metadata", "annotations", "ours"), want: true,
		},
		"another value is desired": {
			desired: set("2", "metadata", "annotations", "ours"), want: true,
		},
		"much is no longer desired and still ours": {
			desired: remove("spec"), want: true,
		},
		"a value in a list was changed": {
			live: setList([]any{map[string]any{"path": "/gone", "weight": int64(1)}}, "spec", "rules"), want: true,
		},
		"a value was removed": {
			live: remove("metadata", "annotations", "ours"), want: true,
		},
		"a whole map was removed": {
			live: remove("metadata", "annotations"), want: true,
		},
		"an item was added to a list that is ours as a whole": {
			live: setList([]any{
				map[string]any{"path": "/", "weight": int64(1)}, map[string]any{"path": "/more", "weight": int64(1)},
			}, "spec", "rules"), want: true,
		},
		"a value was added to an item of a list that is ours as a whole": {
			live: setList([]any{map[string]any{"path": "/", "weight": int64(1), "more": true}}, "spec", "rules"), want: true,
		},
		"a set is desired in another order": {
			desired: setList([]any{"b.example", "a.example"}, "spec", "hosts"), want: false,
		},
		"an item was added to a set": {
			live: setList([]any{"c.example", "a.example", "b.example"}, "spec", "hosts"), want: false,
		},
		"an item was added to a list with keys": {
			live: setList([]any{
				map[string]any{"name": "more", "number": int64(81)},
				map[string]any{"name": "http", "number": int64(80), "protocol": "TCP"},
			}, "spec", "ports"), want: false,
		},
		"another item of a set is desired": {
			desired: setList([]any{"a.example", "b.example", "c.example"}, "spec", "hosts"), want: true,
		},
		"an item of a list with keys was changed": {
			live: setList([]any{map[string]any{"name": "web", "number": int64(80)}}, "spec", "ports"), want: true,
		},
		"an item of a list with keys was removed": {
			live: setList([]any{map[string]any{"name": "more", "number": int64(81)}}, "spec", "ports"), want: true,
		},
		"an item of a list with keys is nothing but a word": {
			desired: setList([]any{"http"}, "spec", "ports"), want: true,
		},
		"a list is a value now": {
			live: set("none", "spec", "rules"), want: true,
		},
		"a map is a value now": {
			live: set("none", "metadata", "annotations"), want: true,
		},
		"our owner reference was removed": {
			live: setList([]any{map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": "stranger", "uid": "b"}},
				"metadata", "ownerReferences"), want: true,
		},
		"an annotation is no longer desired and still ours": {
			desired: remove("metadata", "annotations", "ours"), want: true,
		},
		"an owner reference is no longer desired and still ours": {
			desired: remove("metadata", "ownerReferences"), want: true,
		},
		"an item of a list with keys is no longer desired and still ours": {
			desired: setList([]any{map[string]any{"name": "http", "number": int64(81)}}, "spec", "ports"),
			live:    setList([]any{map[string]any{"name": "http", "number": int64(81)}}, "spec", "ports"), want: true,
		},
		"a field of an item with keys is no longer desired and still ours": {
			desired: setList([]any{map[string]any{"number": int64(80)}}, "spec", "ports"), want: true,
		},
		"an item of a set is no longer desired and still ours": {
			desired: setList([]any{"a.example", "c.example"}, "spec", "hosts"),
			live:    setList([]any{"a.example", "c.example"}, "spec", "hosts"), want: true,
		},
		"a field of another manager is no business of ours": {
			live: set("other", "metadata", "annotations", "theirs"), want: false,
		},
		"the values hold and we own none of them": {
			live: manages("somebody", metav1.ManagedFieldsOperationApply, ""), want: true,
		},
		"we own them by update, which a release would not take back": {
			live: manages(manager, metav1.ManagedFieldsOperationUpdate, ""), want: true,
		},
		"we own fields of a subresource only": {
			live: manages(manager, metav1.ManagedFieldsOperationApply, "status"), want: true,
		},
		"the managed fields make no sense": {
			live: func(t *testing.T, o *unstructured.Unstructured) {
				t.Helper()
				o.SetManagedFields([]metav1.ManagedFieldsEntry{{
					Manager: manager, Operation: metav1.ManagedFieldsOperationApply,
					FieldsV1: metav1.NewFieldsV1(`{"k:none":{}}`),
				}})
			}, want: true,
		},
		"the managed fields name an index that is not desired": {
			live: func(t *testing.T, o *unstructured.Unstructured) {
				t.Helper()
				o.SetManagedFields(append(o.GetManagedFields(), metav1.ManagedFieldsEntry{
					Manager: manager, Operation: metav1.ManagedFieldsOperationApply,
					FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:rules":{"i:1":{}}}}`),
				}))
			}, want: true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want, have := decode(t, desired), decode(t, live)
			if tt.desired != nil {
				tt.desired(t, want)
			}
			if tt.live != nil {
				tt.live(t, have)
			}
			if got := drift.Differs(want.Object, have, manager); got != tt.want {
				t.Errorf("Differs() = %t, want %t", got, tt.want)
			}
		})
	}
}

// Of an object of somebody else we desire a few fields and no identity.
func TestDiffersOfFields(t *testing.T) {
	fields := map[string]any{"metadata": map[string]any{"annotations": map[string]any{"ours": "1"}}}
	have := decode(t, live)
	entry := metav1.ManagedFieldsEntry{
		Manager: "meshingress:uid", Operation: metav1.ManagedFieldsOperationApply,
		FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:annotations":{"f:ours":{}}}}`),
	}
	if !drift.Differs(fields, have, entry.Manager) {
		t.Error("Differs() = false before we own the field, want true")
	}
	have.SetManagedFields(append(have.GetManagedFields(), entry))
	if drift.Differs(fields, have, entry.Manager) {
		t.Error("Differs() = true once we own the field, want false")
	}
}

func TestManages(t *testing.T) {
	tests := map[string]struct {
		entry metav1.ManagedFieldsEntry
		want  bool
	}{
		"by apply": {entry: metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(`{}`),
		}, want: true},
		"by update": {entry: metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, FieldsV1: metav1.NewFieldsV1(`{}`),
		}},
		"a subresource": {entry: metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationApply, Subresource: "status",
			FieldsV1: metav1.NewFieldsV1(`{}`),
		}},
		"another manager whose name begins like ours": {entry: metav1.ManagedFieldsEntry{
			Manager: manager + ":uid", Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(`{}`),
		}},
		"nothing at all": {entry: metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationApply,
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			obj := &unstructured.Unstructured{Object: map[string]any{}}
			obj.SetManagedFields([]metav1.ManagedFieldsEntry{tt.entry})
			if got := drift.Manages(obj, manager); got != tt.want {
				t.Errorf("Manages() = %t, want %t", got, tt.want)
			}
		})
	}
}

type change = func(*testing.T, *unstructured.Unstructured)

func set(value string, path ...string) change {
	return func(t *testing.T, o *unstructured.Unstructured) {
		t.Helper()
		if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
			t.Fatal(err)
		}
	}
}

func setList(items []any, path ...string) change {
	return func(t *testing.T, o *unstructured.Unstructured) {
		t.Helper()
		if err := unstructured.SetNestedSlice(o.Object, items, path...); err != nil {
			t.Fatal(err)
		}
	}
}

func remove(path ...string) change {
	return func(t *testing.T, o *unstructured.Unstructured) {
		t.Helper()
		unstructured.RemoveNestedField(o.Object, path...)
	}
}

// manages hands our fields to another manager or another way of owning them.
func manages(name string, operation metav1.ManagedFieldsOperationType, subresource string) change {
	return func(t *testing.T, o *unstructured.Unstructured) {
		t.Helper()
		entries := o.GetManagedFields()
		entries[0].Manager, entries[0].Operation, entries[0].Subresource = name, operation, subresource
		o.SetManagedFields(entries)
	}
}

func decode(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	json, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(json); err != nil {
		t.Fatal(err)
	}
	return o
}
