// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// leavesIngressMode says which workload of a class that goes still has pods in ingress
// mode, although its annotations are taken back; empty where none has. The class waits
// for them, also where a rollout is stuck: without the settings that send the header
// they would be open relays. It does not wait for a workload that is gone, or that
// somebody else keeps in ingress mode.
func (r *Reconciler) leavesIngressMode(ctx context.Context, s *scope) (string, error) {
	for _, left := range leftBehind(s.class.Status) {
		w, err := r.liveWorkload(ctx, left)
		if err != nil {
			return "", err
		}
		if w == nil {
			continue
		}
		kept, err := r.isKept(ctx, s, *w)
		if err != nil {
			return "", err
		}
		if kept {
			continue
		}
		if text, err := r.stillIn(ctx, s, *w); err != nil || text != "" {
			return text, err
		}
	}
	return "", nil
}

// leftBehind are the workloads that a class has claimed, and those that it saw last.
func leftBehind(status v1alpha1.MeshIngressClassStatus) []v1alpha1.WorkloadReference {
	var found []v1alpha1.WorkloadReference
	for _, c := range status.Claims {
		if isInjection(c) && c.Group == appsv1.GroupName {
			found = append(found, v1alpha1.WorkloadReference{Kind: c.Kind, Namespace: c.Namespace, Name: c.Name})
		}
	}
	for _, w := range status.Workloads {
		if !slices.Contains(found, w.WorkloadReference) {
			found = append(found, w.WorkloadReference)
		}
	}
	return found
}

// isKept reports whether somebody else keeps a workload in ingress mode. Where the
// annotations were not on its own pod template, another controller may have yet to
// take them off there.
func (r *Reconciler) isKept(ctx context.Context, s *scope, w injection.Workload) (bool, error) {
	for _, c := range s.class.Status.Claims {
		if isInjection(c) && c.Group != appsv1.GroupName {
			return s.claimer(c) != nil, nil
		}
	}
	var ns corev1.Namespace
	if err := r.Live.Get(ctx, client.ObjectKey{Name: w.Namespace}, &ns); err != nil {
		return false, fmt.Errorf("reading Namespace %s: %w", w.Namespace, err)
	}
	c := injection.Cluster{Namespaces: map[string]*corev1.Namespace{ns.Name: &ns}}
	return c.Asks(w) == linkerd.InjectIngress, nil
}

// stillIn says that a workload has pods in ingress mode, or may yet make some of its
// former template.
func (r *Reconciler) stillIn(ctx context.Context, s *scope, w injection.Workload) (string, error) {
	pods, err := r.podsOf(ctx, w)
	if err != nil {
		return "", err
	}
	in := w.Observe(pods, linkerd.InjectEnabled).Ingress
	unseen := s.class.Status.Strategy == v1alpha1.StrategyHeader &&
		w.ObservedGeneration > 0 && w.ObservedGeneration < w.Generation
	if in == 0 && !unseen {
		return "", nil
	}
	text := fmt.Sprintf("the settings that send %s stay until no pod of %s is in ingress mode: %d of them are",
		linkerd.OverrideHeader, w, in)
	if stuck := w.Rollout(pods, r.Clock.Now()).Stuck; stuck != "" {
		return text + ", and the rollout does not go on: " + stuck, nil
	}
	return text + "; where no rollout is under way, run " + restartCommand(w), nil
}

// liveWorkload reads a workload from the API server: what the cache holds may be from
// before our last write. It is nil where the workload is gone.
func (r *Reconciler) liveWorkload(ctx context.Context, ref v1alpha1.WorkloadReference) (*injection.Workload, error) {
	key := client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}
	var w injection.Workload
	var err error
	switch ref.Kind {
	case "Deployment":
		var d appsv1.Deployment
		err = r.Live.Get(ctx, key, &d)
		w = injection.FromDeployment(&d)
	case "DaemonSet":
		var d appsv1.DaemonSet
		err = r.Live.Get(ctx, key, &d)
		w = injection.FromDaemonSet(&d)
	default:
		var d appsv1.StatefulSet
		err = r.Live.Get(ctx, key, &d)
		w = injection.FromStatefulSet(&d)
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", injection.RefString(ref), err)
	}
	return &w, nil
}
