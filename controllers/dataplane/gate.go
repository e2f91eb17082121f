// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// entersIngressMode reports whether writing the target of a workload would put
// proxies into ingress mode.
func (w workload) entersIngressMode() bool {
	return w.merged.Annotations[linkerd.InjectAnnotation] == linkerd.InjectIngress &&
		w.Target.Current[linkerd.InjectAnnotation] != linkerd.InjectIngress
}

// waitsForRoutes reports whether a workload may not be put into ingress mode yet, and notes
// for which MeshIngresses it has to wait, as a reader knows them. Just before the write
// that is the API server: a MeshIngress of another class on the same pods writes down its
// routes before it makes them, and the cache may not have that yet.
func (r *Reconciler) waitsForRoutes(ctx context.Context, reader client.Reader, s *scope, w *workload) (bool, error) {
	if !w.entersIngressMode() {
		return false, nil
	}
	all, err := r.meshIngresses(ctx, reader)
	for _, mi := range s.headerless(w.Target.InventoryEntry, all, sendsNoHeader) {
		w.waitsFor = append(w.waitsFor, mi.Namespace+"/"+mi.Name)
	}
	return len(w.waitsFor) > 0, err
}

// exposedMeshIngresses lists the MeshIngresses whose routes do not send the header although
// their pods are in ingress mode, sorted: they came while the gate was closing, or somebody
// else has set that mode.
func (r *Reconciler) exposedMeshIngresses(ctx context.Context, s *scope) ([]v1alpha1.InventoryEntry, error) {
	if !s.inIngressMode() {
		return nil, nil
	}
	all, err := r.meshIngresses(ctx, r.Client)
	var found []v1alpha1.InventoryEntry
	for _, w := range s.workloads {
		if s.ingressPods(w) > 0 {
			found = inventory.Union(found, s.headerless(w.Target.InventoryEntry, all, isWithoutHeader))
		}
	}
	inventory.Sort(found)
	return found, err
}

// meshIngresses lists all in the namespaces that the operator works in.
func (r *Reconciler) meshIngresses(ctx context.Context, reader client.Reader) ([]v1alpha1.MeshIngress, error) {
	namespaces := r.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	var all []v1alpha1.MeshIngress
	for _, namespace := range namespaces {
		var list v1alpha1.MeshIngressList
		if err := reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing MeshIngresses: %w", err)
		}
		all = append(all, list.Items...)
	}
	return all, nil
}

// headerless lists, of all MeshIngresses, those with routes through pods of a target that
// do not send the header, sorted. In ingress mode each of them lets a client choose
// the Service.
func (s *scope) headerless(
	target v1alpha1.InventoryEntry, all []v1alpha1.MeshIngress, lacks func(mi *v1alpha1.MeshIngress, class string) bool,
) []v1alpha1.InventoryEntry {
	var found []v1alpha1.InventoryEntry
	for _, v := range s.views {
		if !v.has(target) && !s.shares(v, target) {
			continue
		}
		for i := range all {
			mi := &all[i]
			if s.isOf(mi, v.class) && lacks(mi, v.class.Name) || s.isOrphan(mi, v) && lacks(mi, mi.Status.ClassName) {
				found = append(found, inventory.Entry(v1alpha1.GroupVersion.WithKind("MeshIngress"), mi.Namespace, mi.Name))
			}
		}
	}
	inventory.Sort(found)
	return slices.Compact(found)
}

// isOrphan reports whether the class of a MeshIngress is gone, or goes, and its routes may
// be for the controller of another class: they stay until it has a class again.
func (s *scope) isOrphan(mi *v1alpha1.MeshIngress, v *view) bool {
	name := cmp.Or(mi.Status.ClassName, mi.Spec.ClassName)
	if name == "" || s.views[name] != nil || v.provider == nil {
		return false
	}
	kinds := v.provider.Describe().AllWrites()
	return slices.ContainsFunc(mi.Status.Inventory, func(e v1alpha1.InventoryEntry) bool {
		return slices.ContainsFunc(kinds, func(k providers.Kind) bool { return k.GroupVersionKind == inventory.GVK(e) })
	})
}

// isWithoutHeader reports whether a MeshIngress is known to have routes of a class that do
// not send the header; while they are made that is not known yet.
func isWithoutHeader(mi *v1alpha1.MeshIngress, class string) bool {
	return sendsNoHeader(mi, class) && mi.Status.ClassName == class && mi.Status.Strategy == v1alpha1.StrategyClusterIP
}

// isOf reports whether a class serves a MeshIngress, is to serve it, or has served it and
// may have routes of it.
func (s *scope) isOf(mi *v1alpha1.MeshIngress, class *v1alpha1.MeshIngressClass) bool {
	names := []string{mi.Spec.ClassName, mi.Status.ClassName}
	if moving := mi.Status.MovingTo; moving != nil {
		names = append(names, moving.ClassName)
	}
	if slices.Contains(names, class.Name) {
		return true
	}
	fallback := translate.DefaultClass(s.classes())
	return mi.Spec.ClassName == "" && fallback != nil && fallback.Name == class.Name
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

func (s *scope) classes() []v1alpha1.MeshIngressClass {
	var all []v1alpha1.MeshIngressClass
	for _, v := range s.views {
		all = append(all, *v.class)
	}
	return all
}
