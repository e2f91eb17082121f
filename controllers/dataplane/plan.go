// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// workloadManager owns the fields of all workloads: lists of ports of several
// classes must be merged, which takes one manager.
const workloadManager = v1alpha1.FieldManagerPrefix + "workloads"

// plan says what each workload of the class gets, all classes considered.
func (s *scope) plan() {
	for _, claim := range s.views[s.class.Name].claims {
		claim.Blocked = firstOf(s.linkerdMissing(), claim.Blocked)
		s.workloads = append(s.workloads, workload{Claim: claim, merged: s.merge(claim.Workload.WorkloadReference)})
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

// merge is what a workload gets from all classes that may write into it.
func (s *scope) merge(ref v1alpha1.WorkloadReference) injection.Merged {
	var claims []injection.ClassClaim
	for _, v := range s.views {
		if !v.enforces() {
			continue
		}
		for _, c := range v.claims {
			if c.Workload.WorkloadReference == ref {
				claims = append(claims, injection.ClassClaim{Class: v.class, Claim: c})
			}
		}
	}
	return injection.Merge(claims)
}

// held reports whether a workload stays as it is, because what some class wants of
// it cannot be told now. Taking fields away and setting them again would roll the
// pods twice.
func (s *scope) held(ref v1alpha1.WorkloadReference) bool {
	for _, v := range s.views {
		if v.enforces() && v.undecided(ref) {
			return true
		}
	}
	return false
}

// claimedByOthers reports whether another class has recorded the same claim, and
// so will take it back one day.
func (s *scope) claimedByOthers(c v1alpha1.Claim) bool {
	for name, v := range s.views {
		if name != s.class.Name && v.enforces() && slices.Contains(v.class.Status.Claims, c) {
			return true
		}
	}
	return false
}

func (v *view) undecided(ref v1alpha1.WorkloadReference) bool {
	for _, c := range v.claims {
		if c.Workload.WorkloadReference == ref {
			return c.Blocked != ""
		}
	}
	recorded := slices.ContainsFunc(v.class.Status.Claims, func(c v1alpha1.Claim) bool {
		return isWorkload(c.InventoryEntry) && workloadRef(c.InventoryEntry) == ref
	})
	return recorded && (v.failed != nil || v.result.Rejected != nil)
}

// workloadClaim is the claim on a workload, for the one manager of all classes.
func workloadClaim(entry v1alpha1.Claim, annotations map[string]string) apply.Claim {
	return apply.Claim{
		Entry: entry.InventoryEntry, UID: types.UID(entry.UID),
		Manager: workloadManager, Fields: injection.TemplateFields(annotations),
	}
}

func recordOf(w injection.Workload) v1alpha1.Claim {
	gvk := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: w.Kind}
	return v1alpha1.Claim{InventoryEntry: inventory.Entry(gvk, w.Namespace, w.Name), UID: string(w.UID)}
}

func isWorkload(e v1alpha1.InventoryEntry) bool { return e.Group == "apps" }

func workloadRef(e v1alpha1.InventoryEntry) v1alpha1.WorkloadReference {
	return v1alpha1.WorkloadReference{Kind: e.Kind, Namespace: e.Namespace, Name: e.Name}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
