// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/drift"
)

const (
	applied = metav1.ManagedFieldsOperationApply
	updated = metav1.ManagedFieldsOperationUpdate
)

func TestHandOver(t *testing.T) {
	helm := v1alpha1.FieldOwner{Manager: "helm", Operation: "Update", APIVersion: "v1"}
	argo := v1alpha1.FieldOwner{Manager: "argo", Operation: "Apply", APIVersion: "v1"}
	ours := entry(manager, applied, "v1", "", `{"f:a":{},"f:b":{}}`)
	tests := map[string]struct {
		entries []metav1.ManagedFieldsEntry
		owners  []v1alpha1.FieldOwner // of the field a
		want    []metav1.ManagedFieldsEntry
	}{
		"to who is still there": {
			entries: []metav1.ManagedFieldsEntry{entry("helm", updated, "v1", "", `{"f:c":{}}`), ours},
			owners:  []v1alpha1.FieldOwner{helm},
			want: []metav1.ManagedFieldsEntry{
				entry("helm", updated, "v1", "", `{"f:a":{},"f:c":{}}`), entry(manager, applied, "v1", "", `{"f:b":{}}`),
			},
		},
		"to who is not there any more": {
			entries: []metav1.ManagedFieldsEntry{ours},
			owners:  []v1alpha1.FieldOwner{argo, helm},
			want: []metav1.ManagedFieldsEntry{
				entry(manager, applied, "v1", "", `{"f:b":{}}`),
				entry("argo", applied, "v1", "", `{"f:a":{}}`), entry("helm", updated, "v1", "", `{"f:a":{}}`),
			},
		},
		"to who has applied in another version since": {
			entries: []metav1.ManagedFieldsEntry{ours, entry("argo", applied, "v2", "", `{"f:c":{}}`)},
			owners:  []v1alpha1.FieldOwner{argo},
			want: []metav1.ManagedFieldsEntry{
				entry(manager, applied, "v1", "", `{"f:b":{}}`), entry("argo", applied, "v2", "", `{"f:a":{},"f:c":{}}`),
			},
		},
		"not to who has the same name and is another": {
			entries: []metav1.ManagedFieldsEntry{
				ours, entry("helm", applied, "v1", "", `{"f:c":{}}`),
				entry("helm", updated, "v2", "", `{"f:c":{}}`), entry("helm", updated, "v1", "status", `{"f:c":{}}`),
			},
			owners: []v1alpha1.FieldOwner{helm},
			want: []metav1.ManagedFieldsEntry{
				entry(manager, applied, "v1", "", `{"f:b":{}}`), entry("helm", applied, "v1", "", `{"f:c":{}}`),
				entry("helm", updated, "v2", "", `{"f:c":{}}`), entry("helm", updated, "v1", "status", `{"f:c":{}}`),
				entry("helm", updated, "v1", "", `{"f:a":{}}`),
			},
		},
		"and no trace of us is left": {
			entries: []metav1.ManagedFieldsEntry{entry(manager, applied, "v1", "", `{"f:a":{}}`)},
			owners:  []v1alpha1.FieldOwner{helm},
			want:    []metav1.ManagedFieldsEntry{entry("helm", updated, "v1", "", `{"f:a":{}}`)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := drift.HandOver(tt.entries, manager, []v1alpha1.OverriddenField{{Path: []string{"a"}, Owners: tt.owners}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("HandOver() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHandOverOfWhatCannotBeRead(t *testing.T) {
	for name, of := range map[string]string{"ours": manager, "the owner's": "argo"} {
		t.Run(name, func(t *testing.T) {
			entries := []metav1.ManagedFieldsEntry{entry(of, applied, "v1", "", `{"k:none":{}}`)}
			_, err := drift.HandOver(entries, manager, []v1alpha1.OverriddenField{{
				Path: []string{"a"}, Owners: []v1alpha1.FieldOwner{{Manager: "argo", Operation: "Apply", APIVersion: "v1"}},
			}})
			if err == nil {
				t.Error("HandOver() = nil error, want one")
			}
		})
	}
}

// What was taken from others and handed over is as it was before.
func TestHandOverUndoesTaking(t *testing.T) {
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 0))
		before := randomOwners(random)
		during, taken := take(random, before)
		entries := during.entries()
		original := slices.Clone(entries)
		for i := range original {
			original[i] = *entries[i].DeepCopy()
		}

		after, err := drift.HandOver(entries, manager, taken)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff(before.entries(), sorted(after), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: before and after (-before +after):\n%s", seed, diff)
		}
		if diff := cmp.Diff(original, entries); diff != "" {
			t.Fatalf("seed %d: the argument has changed: %s", seed, diff)
		}
		again, err := drift.HandOver(after, manager, taken)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff(after, again); diff != "" {
			t.Fatalf("seed %d: the second time (-first +second):\n%s", seed, diff)
		}
	}
}

func TestOwnersOfObjectsThatNobodyManages(t *testing.T) {
	object := decode(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: \"1\"}}")
	got := drift.Contests(map[string]any{"data": map[string]any{"a": "2", "b": "2"}}, object, manager)
	want := []drift.Contest{{Path: []string{"data", "a"}, Value: "1", Owners: []metav1.ManagedFieldsEntry{
		{Manager: "before-first-apply", Operation: updated, APIVersion: "v1"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Contests() (-want +got):\n%s", diff)
	}
}

func TestContestsOfMapsAndLists(t *testing.T) {
	tests := map[string]struct {
		desired map[string]any
		fields  string // of somebody else
		want    [][]string
	}{
		"a map that is one value": {
			desired: map[string]any{"m": map[string]any{"a": "2"}}, fields: `{"f:m":{}}`, want: [][]string{{"m"}},
		},
		"a map that is one value, and is as desired": {
			desired: map[string]any{"m": map[string]any{"a": "1"}}, fields: `{"f:m":{}}`,
		},
		"a map that is merged": {
			desired: map[string]any{"m": map[string]any{"a": "2"}}, fields: `{"f:m":{".":{},"f:a":{}}}`, want: [][]string{{"m", "a"}},
		},
		"annotations of which nobody owns any": {
			desired: map[string]any{"metadata": map[string]any{"annotations": map[string]any{"b": "1"}}},
			fields:  `{"f:metadata":{"f:annotations":{}}}`,
		},
		"a list that is one value": {
			desired: map[string]any{"l": []any{"b"}}, fields: `{"f:l":{}}`, want: [][]string{{"l"}},
		},
		"a list that is merged": {
			desired: map[string]any{"l": []any{"b"}}, fields: `{"f:l":{".":{},"v:\"a\"":{}}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			object := decode(t, `{apiVersion: v1, kind: K, m: {a: "1"}, l: [a], metadata: {name: n, annotations: {a: "1"}}}`)
			object.SetManagedFields([]metav1.ManagedFieldsEntry{entry("argo", applied, "v1", "", tt.fields)})
			var got [][]string
			for _, c := range drift.Contests(tt.desired, object, manager) {
				got = append(got, c.Path)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("paths of Contests() (-want +got):\n%s", diff)
			}
		})
	}
}

// owners has the fields of each manager, by an entry without fields.
type owners map[metav1.ManagedFieldsEntry]*fieldpath.Set

// randomOwners are managers whose names and versions are much alike, with fields that
// several of them have.
func randomOwners(random *rand.Rand) owners {
	result := owners{}
	for range random.IntN(8) {
		e := metav1.ManagedFieldsEntry{
			Manager:    []string{"helm", "argo", manager + "er"}[random.IntN(3)],
			Operation:  []metav1.ManagedFieldsOperationType{applied, updated}[random.IntN(2)],
			APIVersion: "v1", FieldsType: "FieldsV1",
		}
		if e.Operation == updated {
			e.APIVersion = fmt.Sprintf("v%d", 1+random.IntN(2))
		}
		if random.IntN(4) == 0 {
			e.Subresource = "status"
		}
		set := fieldpath.NewSet(fieldpath.MakePathOrDie("metadata"))
		for range 1 + random.IntN(4) {
			set.Insert(fieldpath.MakePathOrDie("spec", string(rune('a'+random.IntN(6)))))
		}
		if random.IntN(2) == 0 {
			set = set.Leaves().Difference(fieldpath.NewSet(fieldpath.MakePathOrDie("metadata")))
		}
		result[e] = set
	}
	if random.IntN(2) == 0 {
		ours := entry(manager, applied, "v1", "", "")
		ours.FieldsV1 = nil
		result[ours] = fieldpath.NewSet(fieldpath.MakePathOrDie("spec", "ours"))
	}
	return result
}

// take gives some fields to us, as a forced apply does.
func take(random *rand.Rand, from owners) (owners, []v1alpha1.OverriddenField) {
	ours := entry(manager, applied, "v1", "", "")
	ours.FieldsV1 = nil
	during := owners{ours: fieldpath.NewSet()}
	for e := range from {
		during[e] = from[e].Copy()
	}
	var taken []v1alpha1.OverriddenField
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		path := fieldpath.MakePathOrDie("spec", name)
		field := v1alpha1.OverriddenField{Path: []string{"spec", name}}
		for _, e := range from.sorted() {
			if e.Subresource == "" && from[e].Has(path) {
				field.Owners = append(field.Owners, v1alpha1.FieldOwner{
					Manager: e.Manager, Operation: string(e.Operation), APIVersion: e.APIVersion,
				})
			}
		}
		if len(field.Owners) == 0 || random.IntN(3) == 0 {
			continue
		}
		for e := range from {
			if e.Subresource == "" {
				during[e] = during[e].Difference(fieldpath.NewSet(path))
			}
		}
		during[ours].Insert(path)
		taken = append(taken, field)
	}
	return during, taken
}

// sorted lists the managers.
func (o owners) sorted() []metav1.ManagedFieldsEntry {
	var list []metav1.ManagedFieldsEntry
	for e := range o {
		list = append(list, e)
	}
	return sorted(list)
}

// entries are those of managers that own anything, sorted.
func (o owners) entries() []metav1.ManagedFieldsEntry {
	var list []metav1.ManagedFieldsEntry
	for _, e := range o.sorted() {
		if raw, err := o[e].ToJSON(); err == nil && !o[e].Empty() {
			list = append(list, entry(e.Manager, e.Operation, e.APIVersion, e.Subresource, string(raw)))
		}
	}
	return list
}

func sorted(entries []metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry {
	return slices.SortedFunc(slices.Values(entries), func(a, b metav1.ManagedFieldsEntry) int {
		return slices.Compare(
			[]string{a.Manager, string(a.Operation), a.APIVersion, a.Subresource},
			[]string{b.Manager, string(b.Operation), b.APIVersion, b.Subresource},
		)
	})
}

func entry(
	name string, operation metav1.ManagedFieldsOperationType, version, subresource, fields string,
) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager: name, Operation: operation, APIVersion: version, Subresource: subresource,
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields),
	}
}
