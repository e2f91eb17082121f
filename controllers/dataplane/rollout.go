// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/internal/injection"
)

// mayRoll reports whether a target may be written, as far as rollouts are concerned: a
// change of a pod template waits until the pods of the last one are there, whoever made
// it. Where it never will, as a stuck rollout, waiting would keep a wrong value for
// ever.
func (r *Reconciler) mayRoll(ctx context.Context, s *scope, w *workload, next *write) (bool, error) {
	if !w.Target.RollsPods() {
		return true, nil
	}
	change, err := w.pendingChange(next)
	if err != nil || change == "" {
		return err == nil, err
	}
	settled, err := r.settled(ctx, s, w.Target.InventoryEntry)
	if err == nil && !settled {
		w.awaits = change
	}
	return settled, err
}

// pendingChange says what the write of a target would change; empty where it would
// change nothing.
func (w workload) pendingChange(next *write) (string, error) {
	if len(w.merged.Annotations) == 0 || next.claim.Fields == nil { // what is left to others is let go at once
		return "", nil
	}
	differs, err := apply.Differs(next.claim, next.live)
	if err != nil || !differs {
		return "", err
	}
	return w.change(), nil
}

// change describes how the annotations of the target differ from what they should be.
func (w workload) change() string {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(w.merged.Annotations)) {
		if value := w.merged.Annotations[key]; w.Target.Current[key] != value {
			texts = append(texts, key+": "+value)
		}
	}
	return cmp.Or(strings.Join(texts, ", "), "fewer annotations of "+w.Target.String())
}

// settled reports whether no rollout of the workloads of a target goes on.
func (r *Reconciler) settled(ctx context.Context, s *scope, target v1alpha1.InventoryEntry) (bool, error) {
	for _, w := range s.workloads {
		if w.Target.InventoryEntry != target {
			continue
		}
		// Before its controller's first look there is nothing to roll.
		if w.Workload.ObservedGeneration > 0 && w.rolled.UnderWay() {
			return false, nil
		}
		if current, err := r.isCurrent(ctx, w.Workload); err != nil || !current {
			return false, err
		}
	}
	return true, nil
}

// isCurrent reports whether a workload is still what the cache says: our own last write
// may not have come there yet. If not, an event is on its way.
func (r *Reconciler) isCurrent(ctx context.Context, w injection.Workload) (bool, error) {
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(w.Kind))
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: w.Name}, live)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading %s: %w", w, err)
	}
	return err == nil && live.Generation == w.Generation, nil
}

// settled reports whether all pods are of the current template, and none is awaited.
func (w workload) settled() bool { return w.Workload.RolledOut && !w.rolled.UnderWay() }
