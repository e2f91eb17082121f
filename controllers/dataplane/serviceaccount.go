// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"errors"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// planServiceAccounts adds to the plan of the class the ServiceAccounts that it names for
// its workloads. One that somebody else has made does as it is.
func (r *Reconciler) planServiceAccounts(ctx context.Context, s *scope) error {
	v, owner := s.views[s.class.Name], translate.ClassOwner(s.class)
	for _, account := range injection.ServiceAccounts(v.claims) {
		synced, err := r.Watches.Ensure(ctx, account.GroupVersionKind())
		if err != nil {
			return err
		}
		if !synced {
			s.waiting = true
			return nil
		}
		one := []*unstructured.Unstructured{account}
		taken, err := r.Writer().Conflicts(ctx, owner, one)
		if err != nil {
			return err
		}
		if len(taken) == 0 {
			owner.Mark(one)
			v.result.Plan.Objects = slices.Concat(v.result.Plan.Objects, one)
		}
	}
	return nil
}

// needs reports whether an object of the class that is no longer wanted still has to be
// there: a ServiceAccount for a pod template that names it, and anything else, which
// sends the header, for proxies in ingress mode.
func (s *scope) needs(e v1alpha1.InventoryEntry) bool {
	if isServiceAccount(e) {
		return len(s.namedBy(e)) > 0
	}
	return s.inIngressMode()
}

func isServiceAccount(e v1alpha1.InventoryEntry) bool {
	return inventory.GVK(e) == providers.KindServiceAccount.GroupVersionKind
}

func (s *scope) namedBy(e v1alpha1.InventoryEntry) []injection.Workload {
	if !isServiceAccount(e) {
		return nil
	}
	var found []injection.Workload
	for _, w := range s.cluster.Workloads {
		if w.Namespace == e.Namespace && w.Template.Spec.ServiceAccountName == e.Name {
			found = append(found, w)
		}
	}
	return found
}

// dispose deletes an object of a class that goes. A ServiceAccount that another class
// names passes to that; one that a pod template names even so is a user's wish by now,
// and stays without our marks.
func (r *Reconciler) dispose(ctx context.Context, s *scope, e v1alpha1.InventoryEntry) error {
	owner := translate.ClassOwner(s.class)
	if inherited := s.inherited(e); inherited != nil {
		_, err := r.Writer().Object(ctx, owner, inherited)
		var passed *apply.ObjectConflictError // by a release that did not come to its end
		if errors.As(err, &passed) {
			return nil
		}
		return err
	}
	for _, w := range s.namedBy(e) {
		named, err := r.stillNames(ctx, w, e.Name)
		if err != nil {
			return err
		}
		if named {
			return r.Writer().Orphan(ctx, owner, e)
		}
	}
	return r.Writer().Delete(ctx, owner, e)
}

// inherited is a ServiceAccount as the first class wants it, by name, that names it too;
// nil where none does.
func (s *scope) inherited(e v1alpha1.InventoryEntry) *unstructured.Unstructured {
	for _, name := range slices.Sorted(maps.Keys(s.views)) {
		v := s.views[name]
		if name == s.class.Name || !v.enforces() {
			continue
		}
		for _, account := range injection.ServiceAccounts(v.claims) {
			if inventory.EntryOf(account) == e {
				translate.ClassOwner(v.class).Mark([]*unstructured.Unstructured{account})
				return account
			}
		}
	}
	return nil
}

// stillNames asks the API server, because the cache may lag behind our own release.
func (r *Reconciler) stillNames(ctx context.Context, w injection.Workload, account string) (bool, error) {
	live, err := r.liveWorkload(ctx, w.WorkloadReference)
	return live != nil && live.Template.Spec.ServiceAccountName == account, err
}
