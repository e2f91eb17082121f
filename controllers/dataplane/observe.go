// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// observePods counts the meshed pods of each workload.
func (r *Reconciler) observePods(ctx context.Context, s *scope) error {
	for i := range s.workloads {
		w := &s.workloads[i]
		var list corev1.PodList
		err := r.Client.List(ctx, &list, client.InNamespace(w.Workload.Namespace),
			client.MatchingLabelsSelector{Selector: w.Workload.PodSelector()}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return fmt.Errorf("listing the pods of %s: %w", w.Workload, err)
		}
		pods := make([]*corev1.Pod, len(list.Items))
		for j := range list.Items {
			pods[j] = &list.Items[j]
		}
		w.seen = injection.Observe(pods, s.mode())
	}
	return nil
}

// mode is the value of linkerd.io/inject that the class's strategy needs.
func (s *scope) mode() string { return injection.Mode(s.views[s.class.Name].result.Strategy) }

// inIngressMode reports whether some pod has a proxy in ingress mode.
func (s *scope) inIngressMode() bool {
	return slices.ContainsFunc(s.workloads, func(w workload) bool { return w.seen.Ingress > 0 })
}

// auditRelay lists the routes of others that let a client choose the Service while
// the controller is in ingress mode. In the normal mode no route does.
func (r *Reconciler) auditRelay(ctx context.Context, s *scope) error {
	v := s.views[s.class.Name]
	auditor, ok := v.provider.(providers.RelayAuditor)
	if !ok || (s.mode() != linkerd.InjectIngress && !s.inIngressMode()) {
		return nil
	}
	for _, kind := range v.provider.Describe().Routes {
		found, err := r.exposed(ctx, s, auditor, kind)
		if err != nil {
			return err
		}
		s.uncovered = append(s.uncovered, found...)
	}
	inventory.Sort(s.uncovered)
	return nil
}

func (r *Reconciler) exposed(
	ctx context.Context, s *scope, auditor providers.RelayAuditor, kind providers.Kind,
) ([]v1alpha1.InventoryEntry, error) {
	if !kind.BuiltIn && !s.served[kind] {
		return nil, nil
	}
	synced, err := r.Watches.Ensure(ctx, kind.GroupVersionKind)
	if err != nil || !synced {
		s.waiting = true
		return nil, err
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind.GroupVersionKind)
	if err := r.Client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing %s: %w", kind.Kind, err)
	}
	var found []v1alpha1.InventoryEntry
	class := translate.ClassOf(s.class)
	for i := range list.Items {
		obj := &list.Items[i]
		if _, ours := translate.ParseOwner(obj); !ours && auditor.Exposed(class, obj) {
			found = append(found, inventory.Entry(kind.GroupVersionKind, obj.GetNamespace(), obj.GetName()))
		}
	}
	return found, nil
}
