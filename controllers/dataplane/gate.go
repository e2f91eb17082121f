// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

// waitsForRoutes reports whether a workload may not be put into ingress mode yet, and notes
// for which MeshIngresses it has to wait.
func (r *Reconciler) waitsForRoutes(
	ctx context.Context, s *scope, w *workload,
	without func(context.Context, *scope, v1alpha1.InventoryEntry) ([]string, error),
) (bool, error) {
	if !w.entersIngressMode() {
		return false, nil
	}
	var err error
	w.waitsFor, err = without(ctx, s, w.Target.InventoryEntry)
	return len(w.waitsFor) > 0, err
}

// routesWithout lists the MeshIngresses, as the cache knows them, for which ingress mode of
// a target has to wait, sorted.
func (r *Reconciler) routesWithout(ctx context.Context, s *scope, target v1alpha1.InventoryEntry) ([]string, error) {
	return s.headerless(target, sendsNoHeader, func(class *v1alpha1.MeshIngressClass) ([]v1alpha1.MeshIngress, error) {
		return r.meshIngressesOf(ctx, s, class)
	})
}

// routesWithoutLive asks the API server for the same, just before the write: a
// MeshIngress of another class on the same pods writes down its routes before it makes
// them, and the cache may not have that yet.
func (r *Reconciler) routesWithoutLive(ctx context.Context, s *scope, target v1alpha1.InventoryEntry) ([]string, error) {
	var all v1alpha1.MeshIngressList
	if err := r.Live.List(ctx, &all); err != nil {
		return nil, fmt.Errorf("listing MeshIngresses before ingress mode: %w", err)
	}
	return s.headerless(target, sendsNoHeader, func(class *v1alpha1.MeshIngressClass) ([]v1alpha1.MeshIngress, error) {
		return slices.DeleteFunc(slices.Clone(all.Items), func(mi v1alpha1.MeshIngress) bool { return !s.isOf(&mi, class) }), nil
	})
}

// exposedMeshIngresses lists the MeshIngresses whose routes do not send the header although
// their pods are in ingress mode, sorted: they came while the gate was closing, or somebody
// else has set that mode.
func (r *Reconciler) exposedMeshIngresses(ctx context.Context, s *scope) ([]v1alpha1.InventoryEntry, error) {
	var found []v1alpha1.InventoryEntry
	for _, w := range s.workloads {
		if s.ingressPods(w) == 0 {
			continue
		}
		names, err := s.headerless(w.Target.InventoryEntry, isWithoutHeader,
			func(class *v1alpha1.MeshIngressClass) ([]v1alpha1.MeshIngress, error) {
				return r.meshIngressesOf(ctx, s, class)
			})
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			namespace, name, _ := strings.Cut(name, "/")
			found = append(found, inventory.Entry(v1alpha1.GroupVersion.WithKind("MeshIngress"), namespace, name))
		}
	}
	inventory.Sort(found)
	return slices.Compact(found), nil
}

// headerless lists, of the MeshIngresses of all classes with pods of a target, those whose
// routes do not send the header, sorted. In ingress mode each of them lets a client choose
// the Service.
func (s *scope) headerless(
	target v1alpha1.InventoryEntry, lacks func(mi *v1alpha1.MeshIngress, class string) bool,
	of func(class *v1alpha1.MeshIngressClass) ([]v1alpha1.MeshIngress, error),
) ([]string, error) {
	var names []string
	for _, v := range s.views {
		if !v.has(target) && !s.shares(v, target) {
			continue
		}
		found, err := of(v.class)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if lacks(&found[i], v.class.Name) {
				names = append(names, client.ObjectKeyFromObject(&found[i]).String())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// isWithoutHeader reports whether a MeshIngress is known to have routes of a class that do
// not send the header; while they are made that is not known yet.
func isWithoutHeader(mi *v1alpha1.MeshIngress, class string) bool {
	return sendsNoHeader(mi, class) && mi.Status.ClassName == class && mi.Status.Strategy == v1alpha1.StrategyClusterIP
}

// isOf reports whether a class serves a MeshIngress, is to serve it, or has served it and
// may have routes of it.
func (s *scope) isOf(mi *v1alpha1.MeshIngress, class *v1alpha1.MeshIngressClass) bool {
	if mi.Spec.ClassName == "" {
		fallback := translate.DefaultClass(s.classes())
		return fallback != nil && fallback.Name == class.Name || mi.Status.ClassName == class.Name
	}
	return mi.Spec.ClassName == class.Name || mi.Status.ClassName == class.Name
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
