// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/drift"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
)

// Bounds of status.planned: objects, and fields of each.
const (
	maxPlanned       = 64
	maxPlannedFields = 64
)

// planned lists what Enforce would write for a class that is audited, sorted.
func (s *scope) planned() []v1alpha1.PlannedWrite {
	v := s.views[s.class.Name]
	if !audits(s.class) || v.failed != nil || v.result.Rejected != nil {
		return nil
	}
	writes := writes{}
	for _, obj := range v.result.Plan.Objects {
		writes.add(inventory.EntryOf(obj), drift.WithoutIdentity(obj.Object))
	}
	for _, set := range v.result.Plan.Fields {
		writes.add(inventory.Entry(set.Target.GroupVersionKind, set.Target.Namespace, set.Target.Name), set.Fields)
	}
	for _, w := range s.workloads {
		if len(w.planned) > 0 {
			writes.add(w.Target.InventoryEntry, w.planned)
		}
	}
	return writes.sorted()
}

// planAudit finds out what Enforce would write into each workload, as far as others have
// set nothing else there.
func (r *Reconciler) planAudit(ctx context.Context, s *scope) error {
	if !audits(s.class) {
		return nil
	}
	for i := range s.workloads {
		w := &s.workloads[i]
		if w.Blocked != "" {
			continue
		}
		next, err := r.nextWrite(ctx, s, *w)
		if err != nil {
			return err
		}
		if next != nil {
			w.planned, w.err = next.claim.Fields, next.conflict
		}
	}
	return nil
}

// audits reports whether a class only says what it would write.
func audits(class *v1alpha1.MeshIngressClass) bool {
	return class.Spec.DataPlane.Injection == v1alpha1.InjectionAudit
}

// writes are values in JSON, by object and path.
type writes map[v1alpha1.InventoryEntry]map[string]string

func (w writes) add(entry v1alpha1.InventoryEntry, fields map[string]any) {
	if w[entry] == nil {
		w[entry] = map[string]string{}
	}
	flatten(w[entry], "", fields)
}

func (w writes) sorted() []v1alpha1.PlannedWrite {
	entries := slices.Collect(maps.Keys(w))
	inventory.Sort(entries)
	var all []v1alpha1.PlannedWrite
	for _, entry := range entries[:min(len(entries), maxPlanned)] {
		for _, path := range slices.Sorted(maps.Keys(w[entry]))[min(len(w[entry]), maxPlannedFields):] {
			delete(w[entry], path)
		}
		all = append(all, v1alpha1.PlannedWrite{InventoryEntry: entry, Fields: w[entry]})
	}
	return all
}

// flatten lists the leaves of a tree by their paths. A list is one value.
func flatten(into map[string]string, at string, fields map[string]any) {
	for name, v := range fields {
		path := step(at, name)
		if inner, ok := v.(map[string]any); ok && len(inner) > 0 {
			flatten(into, path, inner)
			continue
		}
		// What comes from JSON can be written as JSON.
		text, _ := json.Marshal(v)
		into[path] = string(text)
	}
}

// step is the path of a key as kubectl writes it; what is no word is in brackets.
func step(at, name string) string {
	switch {
	case strings.ContainsAny(name, "./"):
		return at + "[" + name + "]"
	case at == "":
		return name
	default:
		return at + "." + name
	}
}
