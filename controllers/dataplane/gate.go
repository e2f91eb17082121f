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
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
)

// entersIngressMode reports whether writing a workload would put its proxies into
// ingress mode.
func (w workload) entersIngressMode() bool {
	return w.merged.Annotations[linkerd.InjectAnnotation] == linkerd.InjectIngress &&
		w.Workload.Template.Annotations[linkerd.InjectAnnotation] != linkerd.InjectIngress
}

// headerless lists the MeshIngresses whose routes through a workload do not send
// the header, sorted. In ingress mode each of them would let a client choose the
// Service, so the mode has to wait for them.
func (r *Reconciler) headerless(ctx context.Context, s *scope, ref v1alpha1.WorkloadReference) ([]string, error) {
	var names []string
	for _, v := range s.views {
		if !v.has(ref) {
			continue
		}
		found, err := r.meshIngressesOf(ctx, s, v.class)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if status := found[i].Status; len(status.Inventory) > 0 && status.Strategy != v1alpha1.StrategyHeader {
				names = append(names, client.ObjectKeyFromObject(&found[i]).String())
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

func (v *view) has(ref v1alpha1.WorkloadReference) bool {
	for _, c := range v.claims {
		if c.Workload.WorkloadReference == ref {
			return true
		}
	}
	return false
}

// meshIngressesOf lists the MeshIngresses that a class serves.
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
	return all, nil
}

func (s *scope) classes() []v1alpha1.MeshIngressClass {
	var all []v1alpha1.MeshIngressClass
	for _, v := range s.views {
		all = append(all, *v.class)
	}
	return all
}
