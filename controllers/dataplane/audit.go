// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/drift"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// Bounds of status.planned: objects, and fields of each.
const (
	maxPlanned       = 64
	maxPlannedFields = 64
)

// planAudit finds out what Enforce would write for a class that is audited, and what
// would keep it from that. Like Enforce it passes over what others have set, and plans
// nothing for the workloads where not all of the rest can be written.
func (r *Reconciler) planAudit(ctx context.Context, s *scope) error {
	v := s.views[s.class.Name]
	if !audits(s.class) || v.failed != nil || v.result.Rejected != nil || s.allBlocked() {
		return nil
	}
	s.planned = writes{}
	if err := r.planSettings(ctx, s, v.result.Plan); err != nil || s.waiting || s.written.incomplete() != nil {
		return err
	}
	for i := range s.workloads {
		if s.workloads[i].Blocked != "" {
			continue
		}
		if err := r.planWorkload(ctx, s, &s.workloads[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) planWorkload(ctx context.Context, s *scope, w *workload) error {
	next, err := r.nextWrite(ctx, s, *w)
	if err != nil || next == nil {
		return err
	}
	w.err = next.conflict
	if s.overrides(w.Target.InventoryEntry) {
		if w.err, err = s.untakeable(next.claim, next.live); err != nil || w.err != nil {
			return err
		}
	}
	s.planned.add(w.Target.InventoryEntry, next.claim.Fields)
	return nil
}

// planSettings is planAudit for the class's own objects and the settings on others'.
func (r *Reconciler) planSettings(ctx context.Context, s *scope, plan providers.Plan) error {
	targets, err := r.targets(ctx, s, plan.Fields)
	if err != nil || s.waiting || s.written.missing != nil {
		return err
	}
	for _, obj := range plan.Objects {
		strangers, err := r.Writer().Conflicts(ctx, translate.ClassOwner(s.class), []*unstructured.Unstructured{obj})
		if err != nil {
			return err
		}
		if len(strangers) > 0 {
			s.written.conflict = &apply.ObjectConflictError{Object: strangers[0]}
			continue
		}
		s.planned.add(inventory.EntryOf(obj), drift.WithoutIdentity(obj.Object))
	}
	for _, t := range targets {
		conflict, err := s.settingConflict(t)
		if err != nil {
			return err
		}
		if conflict != nil {
			s.written.conflict = conflict
			continue
		}
		s.planned.add(t.Claim.Entry, t.Claim.Fields)
	}
	return nil
}

// settingConflict is what keeps the settings on an object of others from being written;
// nil where nothing does.
func (s *scope) settingConflict(t base.Target) (conflict, err error) {
	if overrides(s.class) {
		return s.untakeable(t.Claim, t.Live)
	}
	found, err := apply.FieldConflict(t.Claim, t.Live)
	if err != nil || found == nil {
		return nil, err
	}
	return found, nil
}

// untakeable is why fields of a claim cannot be taken over; nil where they can be.
func (s *scope) untakeable(claim apply.Claim, live client.Object) (conflict, err error) {
	if _, err = apply.Taken(claim, live, s.taken(claim)); isConflict(err) {
		return err, nil
	}
	return nil, err
}

// audits reports whether a class only says what it would write.
func audits(class *v1alpha1.MeshIngressClass) bool {
	return class.Spec.DataPlane.Injection == v1alpha1.InjectionAudit
}

// writes are values in JSON, by object and path.
type writes map[v1alpha1.InventoryEntry]map[string]string

func (w writes) add(entry v1alpha1.InventoryEntry, fields map[string]any) {
	if len(fields) == 0 {
		return
	}
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
