// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/index"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
)

// entersIngressMode reports whether writing the target of a workload would put
// proxies into ingress mode.
func (w workload) entersIngressMode() bool {
	return w.merged.Annotations[linkerd.InjectAnnotation] == linkerd.InjectIngress &&
		w.Target.Current[linkerd.InjectAnnotation] != linkerd.InjectIngress
}

// headerless lists the MeshIngresses whose routes through the pods of a target do not
// send the header, sorted. In ingress mode each of them would let a client choose the
// Service, so the mode has to wait for them.
func (r *Reconciler) headerless(ctx context.Context, s *scope, target v1alpha1.InventoryEntry) ([]string, error) {
	var names []string
	for _, v := range s.views {
		if !v.has(target) && !s.shares(v, target) {
			continue
		}
		found, err := r.meshIngressesOf(ctx, s, v.class)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if sendsNoHeader(&found[i], v.class.Name) {
				names = append(names, client.ObjectKeyFromObject(&found[i]).String())
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// sendsNoHeader reports whether a MeshIngress has, or may have, routes of a class that
// do not send the header.
func sendsNoHeader(mi *v1alpha1.MeshIngress, class string) bool {
	status := mi.Status
	switch {
	case !inventory.HasRoutes(status.Inventory):
		return false
	case status.MovingTo != nil && status.MovingTo.ClassName == class:
		return status.MovingTo.Strategy != v1alpha1.StrategyHeader
	case status.ClassName == class, status.ClassName == "":
		return status.Strategy != v1alpha1.StrategyHeader
	default:
		return false
	}
}

// shares reports whether a class has a workload of a target, wherever it wants its own
// annotations, or cannot tell where.
func (s *scope) shares(v *view, target v1alpha1.InventoryEntry) bool {
	return slices.ContainsFunc(s.workloads, func(w workload) bool {
		return w.Target.InventoryEntry == target && slices.ContainsFunc(v.discovery.Workloads, func(o injection.Workload) bool {
			return o.WorkloadReference == w.Workload.WorkloadReference
		})
	})
}

// has reports whether a class claims a target.
func (v *view) has(target v1alpha1.InventoryEntry) bool {
	return slices.ContainsFunc(v.claims, func(c injection.Claim) bool {
		return c.Target.InventoryEntry == target
	})
}

// meshIngressesOf lists the MeshIngresses that a class serves, is to serve, or has
// served and still has routes of.
func (r *Reconciler) meshIngressesOf(
	ctx context.Context, s *scope, class *v1alpha1.MeshIngressClass,
) ([]v1alpha1.MeshIngress, error) {
	names := []string{class.Name}
	if fallback := translate.DefaultClass(s.classes()); fallback != nil && fallback.Name == class.Name {
		names = append(names, "")
	}
	var all []v1alpha1.MeshIngress
	for _, name := range names {
		var list v1alpha1.MeshIngressList
		err := r.Client.List(ctx, &list, client.MatchingFields{index.ByClass: name}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return nil, fmt.Errorf("listing the MeshIngresses of class %s: %w", class.Name, err)
		}
		all = append(all, list.Items...)
	}
	var placed v1alpha1.MeshIngressList
	err := r.Client.List(ctx, &placed, client.MatchingFields{index.ByPlacedClass: class.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing the MeshIngresses with routes of class %s: %w", class.Name, err)
	}
	for i := range placed.Items {
		if !slices.ContainsFunc(all, func(mi v1alpha1.MeshIngress) bool { return mi.UID == placed.Items[i].UID }) {
			all = append(all, placed.Items[i])
		}
	}
	return all, nil
}

func (s *scope) classes() []v1alpha1.MeshIngressClass {
	var all []v1alpha1.MeshIngressClass
	for _, v := range s.views {
		all = append(all, *v.class)
	}
	return all
}
