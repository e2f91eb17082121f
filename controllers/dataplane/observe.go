// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/internal/watched"
	"github.com/meshingress/meshingress/providers"
)

// observePods counts the meshed pods of each workload, and sees how far its rollout is.
func (r *Reconciler) observePods(ctx context.Context, s *scope) error {
	for i := range s.workloads {
		w := &s.workloads[i]
		pods, err := r.podsOf(ctx, w.Workload)
		if err != nil {
			return err
		}
		w.seen = w.Workload.Observe(pods, s.mode())
		w.rolled = w.Workload.Rollout(pods, r.Clock.Now())
		s.revisitIn(w.rolled.StuckIn)
	}
	return r.observeLeft(ctx, s)
}

// observeLeft looks at the workloads that the class saw in ingress mode and does not
// find any more: their pods need the header as before.
func (r *Reconciler) observeLeft(ctx context.Context, s *scope) error {
	for _, was := range s.before.Status.Workloads {
		seen := func(w workload) bool { return w.Workload.WorkloadReference == was.WorkloadReference }
		i := slices.IndexFunc(s.cluster.Workloads, func(w injection.Workload) bool { return w.WorkloadReference == was.WorkloadReference })
		if was.IngressModePods == 0 || i < 0 || slices.ContainsFunc(s.workloads, seen) {
			continue
		}
		w := workload{Claim: injection.Claim{Workload: s.cluster.Workloads[i]}}
		pods, err := r.podsOf(ctx, w.Workload)
		if err != nil {
			return err
		}
		w.seen = w.Workload.Observe(pods, s.mode())
		if was.IngressModePods = s.ingressPods(w); was.IngressModePods > 0 {
			was.Pods, was.MeshedPods, was.Fields, was.Message = w.Workload.Desired, 0, nil, "it is not found any more as the class's workload, and still in ingress mode"
			was.UnmeshedPods = w.seen.Bare
			s.left = append(s.left, was)
		}
	}
	return nil
}

// podsOf lists the pods with the labels of a workload's, some of which may be others'.
func (r *Reconciler) podsOf(ctx context.Context, w injection.Workload) ([]*corev1.Pod, error) {
	pods, err := r.podsWith(ctx, w.Namespace, w.PodSelector())
	if err != nil {
		return nil, fmt.Errorf("listing the pods of %s: %w", w, err)
	}
	return pods, nil
}

// podsWith lists pods as the cache has them. They must not be changed.
func (r *Reconciler) podsWith(ctx context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error) {
	var list corev1.PodList
	err := r.Client.List(ctx, &list, client.InNamespace(namespace),
		client.MatchingLabelsSelector{Selector: selector}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing pods in Namespace %s: %w", namespace, err)
	}
	pods := make([]*corev1.Pod, len(list.Items))
	for i := range list.Items {
		pods[i] = &list.Items[i]
	}
	return pods, nil
}

// revisitIn sees to it that the class is looked at again after some time at the latest.
func (s *scope) revisitIn(d time.Duration) {
	if d > 0 && (s.revisit == 0 || d < s.revisit) {
		s.revisit = d
	}
}

// mode is the value of linkerd.io/inject that the class's strategy needs.
func (s *scope) mode() string { return injection.Mode(s.views[s.class.Name].result.Strategy) }

// inIngressMode reports whether some pod has a proxy in ingress mode, or would have one
// if it were made now.
func (s *scope) inIngressMode() bool {
	return len(s.left) > 0 || slices.ContainsFunc(s.workloads, func(w workload) bool { return s.ingressPods(w) > 0 })
}

// ingressPods counts the pods in ingress mode: at least one where the template asks for
// it, because a workload without pods may be scaled up at any time.
func (s *scope) ingressPods(w workload) int32 {
	asks := w.wrote == linkerd.InjectIngress || s.cluster.Asks(w.Workload) == linkerd.InjectIngress
	if asks && w.seen.Ingress == 0 {
		return 1
	}
	return w.seen.Ingress
}

// unmeshedPods says why not all pods are meshed, where nothing is in the way.
func (s *scope) unmeshedPods(w workload) (reason, message string) {
	count := fmt.Sprintf("%d of %d pods are meshed", w.seen.Meshed, w.Workload.Desired)
	switch {
	case w.Workload.Desired == 0:
		return v1alpha1.ReasonNoPods, "it runs no pods"
	case w.settled() && len(w.seen.Uninjected) > 0:
		return v1alpha1.ReasonNotInjected, fmt.Sprintf("%s; no proxy in mode %s has %s%s",
			count, s.mode(), named(w.seen.Uninjected), s.repairHint(w))
	case w.rolled.Stuck != "":
		return v1alpha1.ReasonRolloutStuck, count + " and the rollout does not go on: " + w.rolled.Stuck
	case !w.rolled.Finished && w.Workload.RolledOut && w.seen.Pods == w.Workload.Desired:
		return v1alpha1.ReasonRolloutInProgress, count + "; not ready yet: " + named(w.seen.Unmeshed)
	case !w.rolled.Finished:
		return v1alpha1.ReasonRolloutInProgress, count + " and the rollout is under way"
	default:
		return v1alpha1.ReasonNotInjected, count + "; not so " + named(w.seen.Unmeshed) + s.repairHint(w)
	}
}

// auditRelay lists the routes that let a client choose the Service while the controller is
// in ingress mode: those of others, and of MeshIngresses. In the normal mode no route does.
func (r *Reconciler) auditRelay(ctx context.Context, s *scope) error {
	v := s.views[s.class.Name]
	var err error
	if s.uncovered, err = r.exposedMeshIngresses(ctx, s); err != nil {
		return err
	}
	auditor, ok := v.provider.(providers.RelayAuditor)
	if !ok || (s.mode() != linkerd.InjectIngress && !s.inIngressMode()) {
		return nil
	}
	if len(r.Namespaces) > 0 {
		s.hazards.unknown = append(s.hazards.unknown, routesUnwatched(r.Namespaces))
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

// routesUnwatched tells what an operator of some namespaces cannot: whether a route in the
// others lets a client choose the Service.
func routesUnwatched(namespaces watched.Namespaces) v1alpha1.Notice {
	return v1alpha1.Notice{Reason: reasonHazardsUnknown, Message: conditions.Bound(fmt.Sprintf(
		"the controller is in ingress mode, and routes are looked at only in the namespaces of --%s, which is %s: a route "+
			"elsewhere that leaves l5d-dst-override to clients is not told in RelayExposed", watched.Flag, namespaces))}
}

func (r *Reconciler) exposed(
	ctx context.Context, s *scope, auditor providers.RelayAuditor, kind providers.Kind,
) ([]v1alpha1.InventoryEntry, error) {
	if !kind.BuiltIn && !s.served[kind] {
		return nil, nil
	}
	synced, err := r.Watches.Ensure(ctx, kind.GroupVersionKind)
	if err != nil || !synced {
		s.waiting = s.waiting || err == nil
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
