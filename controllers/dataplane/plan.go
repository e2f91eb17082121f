// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"cmp"
	"slices"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// workloadManager owns the annotations for the injector, wherever they are: lists of
// ports of several classes must be merged, which takes one manager.
const workloadManager = v1alpha1.FieldManagerPrefix + "workloads"

// plan says what each workload of the class gets, all classes considered.
func (s *scope) plan() {
	for _, claim := range s.views[s.class.Name].claims {
		claim.Blocked = cmp.Or(s.linkerdMissing(), claim.Blocked)
		s.workloads = append(s.workloads, workload{Claim: claim, merged: s.merge(claim.Target.InventoryEntry)})
	}
}

// linkerdMissing says why no proxy could be injected at all.
func (s *scope) linkerdMissing() string {
	facts := s.cluster.Linkerd
	switch {
	case !facts.Found:
		return "Linkerd is not installed: there is no ConfigMap " + linkerd.ConfigMapName
	case facts.Injector == nil:
		return "Linkerd's proxy injector is not installed: there is no MutatingWebhookConfiguration " + linkerd.InjectorWebhookName
	default:
		return ""
	}
}

// counts reports whether what a class wants is, or would be, written: this one may be
// audited.
func (s *scope) counts(v *view) bool {
	return v.enforces() || v.class.Name == s.class.Name && audits(v.class)
}

// merge is what a target gets from all classes that count.
func (s *scope) merge(target v1alpha1.InventoryEntry) injection.Merged {
	var claims []injection.ClassClaim
	for _, v := range s.views {
		if !s.counts(v) {
			continue
		}
		for _, c := range v.claims {
			if c.Target.InventoryEntry == target {
				claims = append(claims, injection.ClassClaim{Class: v.class, Claim: c})
			}
		}
	}
	return injection.Merge(claims)
}

// held reports whether a target stays as it is, because what some class wants of it
// cannot be told now. Taking fields away and setting them again would roll the pods
// twice.
func (s *scope) held(target v1alpha1.InventoryEntry) bool {
	for _, v := range s.views {
		if v.enforces() && v.undecided(target) {
			return true
		}
	}
	return false
}

// claimer is another class that keeps a claim, and so will take it back one day; nil where
// there is none. It has recorded the claim and still wants it, or is about to: taking
// fields away for it to set them again would roll the pods twice.
func (s *scope) claimer(c v1alpha1.Claim) *v1alpha1.MeshIngressClass {
	var comes *v1alpha1.MeshIngressClass
	for name, v := range s.views {
		switch {
		case name == s.class.Name || !v.enforces():
		case slices.Contains(v.class.Status.Claims, c) && (v.has(c.InventoryEntry) || v.undecided(c.InventoryEntry)):
			return v.class
		case v.asksFor(c):
			comes = v.class
		}
	}
	return comes
}

// asksFor reports whether a class wants a claim, and nothing is in the way.
func (v *view) asksFor(c v1alpha1.Claim) bool {
	return slices.ContainsFunc(v.claims, func(asked injection.Claim) bool {
		return len(asked.Annotations) > 0 && recordOf(asked.Target) == c
	})
}

func (v *view) undecided(target v1alpha1.InventoryEntry) bool {
	recorded := slices.ContainsFunc(v.class.Status.Claims, func(c v1alpha1.Claim) bool {
		return isInjection(c) && c.InventoryEntry == target
	})
	if v.has(target) {
		// What is no workload has other pods as well, which need not wait for ours.
		return slices.ContainsFunc(v.claims, func(c injection.Claim) bool {
			return c.Target.InventoryEntry == target && c.Blocked != "" && recorded
		})
	}
	lost := slices.ContainsFunc(v.claims, func(c injection.Claim) bool { return c.Target.Kind == "" })
	return recorded && (lost || v.failed != nil || v.result.Rejected != nil)
}

func recordOf(t injection.Target) v1alpha1.Claim {
	return v1alpha1.Claim{InventoryEntry: t.InventoryEntry, UID: string(t.UID), Manager: workloadManager}
}

// isInjection reports whether a claim is one on annotations for the injector.
func isInjection(c v1alpha1.Claim) bool { return c.Manager == workloadManager }
