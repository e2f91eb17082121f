// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// reasonRestarting is the reason of the event that tells of a restart.
const reasonRestarting = "Restarting"

// injectorRetry is how soon it is looked again at an injector that is not ready.
const injectorRetry = 30 * time.Second

// planRestarts keeps the time of the last restart in what a target gets, as long as
// anything is claimed there, and puts the present in its place where pods came up
// without their proxy. It is read from the target, so that no manager that takes over,
// and no other class, forgets it; and from the status, in case somebody removes it there.
func (r *Reconciler) planRestarts(ctx context.Context, s *scope) error {
	now := r.Clock.Now()
	for i := range s.workloads {
		w := &s.workloads[i]
		if at := w.Target.Current[v1alpha1.RestartedAtAnnotation]; at != "" && len(w.merged.Annotations) > 0 {
			w.merged.Annotations[v1alpha1.RestartedAtAnnotation] = at
		}
		w.restarted = s.lastRestart(*w, now)
	}
	for _, w := range s.workloads {
		if !s.needsRestart(w) {
			continue
		}
		if wait := injection.RestartIn(w.restarted, w.seen.UninjectedSince, now); wait > 0 {
			s.revisitIn(wait)
			continue
		}
		if down, err := r.injectorIsDown(ctx, s); err != nil || down {
			s.injectorDown = down
			s.revisitIn(injectorRetry)
			return err
		}
		s.restart(w.Target.InventoryEntry, w.seen.Uninjected, injection.RestartedAt(now))
	}
	return nil
}

// lastRestart is when the pods of a workload were made anew last, as its target says or
// any class; zero where nobody does.
func (s *scope) lastRestart(w workload, now time.Time) time.Time {
	var remembered []time.Time
	for _, v := range s.views {
		for _, seen := range v.class.Status.Workloads {
			if seen.WorkloadReference == w.Workload.WorkloadReference && seen.RestartedAt != nil {
				remembered = append(remembered, seen.RestartedAt.Time)
			}
		}
	}
	return injection.LastRestart(w.Target.Current, remembered, now)
}

// injectorIsDown reports whether no pod of the injector is ready: pods that are made now
// would come up without a proxy again. Where its pods cannot be seen it is taken to be up.
func (r *Reconciler) injectorIsDown(ctx context.Context, s *scope) (bool, error) {
	injector := s.cluster.Linkerd.Injector
	i := slices.IndexFunc(s.cluster.Services, func(svc *corev1.Service) bool {
		return injector != nil && client.ObjectKeyFromObject(svc) == injector.Service
	})
	if i < 0 || len(s.cluster.Services[i].Spec.Selector) == 0 {
		return false, nil
	}
	pods, err := r.podsWith(ctx, injector.Service.Namespace, labels.SelectorFromSet(s.cluster.Services[i].Spec.Selector))
	return err == nil && !injection.AnyReady(pods), err
}

// restart plans that a target's write makes its pods anew. Several workloads may have
// one target, which has one value.
func (s *scope) restart(target v1alpha1.InventoryEntry, pods []string, at string) {
	for i := range s.workloads {
		w := &s.workloads[i]
		if w.Target.InventoryEntry == target {
			w.merged.Annotations[v1alpha1.RestartedAtAnnotation] = at
			w.restarts = append(w.restarts, pods...)
		}
	}
}

// needsRestart reports whether pods came up without their proxy although everything was
// in place, and some class asks for a restart where they do.
func (s *scope) needsRestart(w workload) bool {
	return len(w.seen.Uninjected) > 0 && w.settled() && w.Blocked == "" &&
		s.views[s.class.Name].enforces() && s.repairs(w) && s.inPlace(w) && !s.held(w.Target.InventoryEntry)
}

// repairs reports whether some class asks for restarts of a target that can be
// restarted.
func (s *scope) repairs(w workload) bool {
	if !w.Target.RollsPods() {
		return false
	}
	for _, v := range s.views {
		if v.enforces() && v.class.Spec.DataPlane.Repair == v1alpha1.RepairRestart && v.has(w.Target.InventoryEntry) {
			return true
		}
	}
	return false
}

// inPlace reports whether a pod that is made now gets its proxy in the mode of the
// class.
func (s *scope) inPlace(w workload) bool {
	for key, value := range w.merged.Annotations {
		if w.Target.Current[key] != value {
			return false
		}
	}
	return w.merged.Annotations[linkerd.InjectAnnotation] == s.mode() && s.cluster.Asks(w.Workload) == s.mode()
}

// repairHint is what becomes of pods that came up without their proxy.
func (s *scope) repairHint(w workload) string {
	if s.cluster.Asks(w.Workload) != s.mode() {
		if w.Target.IsWorkload() {
			return ""
		}
		return ": annotations of " + w.Target.String() + " are not on the pod template yet; where they stay away, " +
			"restart the controller that generates it"
	}
	command := restartCommand(w.Workload)
	switch {
	case ignores(s.class):
		return ": run " + command
	case !w.Target.RollsPods():
		return ": annotations of " + w.Target.String() + " reach pods that are made from now on: run " + command
	case s.views[s.class.Name].enforces() && s.repairs(w) && s.injectorDown:
		return ": they are restarted once a pod of Linkerd's injector is ready"
	case s.views[s.class.Name].enforces() && s.repairs(w):
		return ": they are restarted, at most once in ten minutes, or once in an hour where that did not help"
	default:
		return ": set spec.dataPlane.repair to Restart, or run " + command
	}
}

func restartCommand(w injection.Workload) string {
	return fmt.Sprintf("kubectl rollout restart %s/%s --namespace %s", strings.ToLower(w.Kind), w.Name, w.Namespace)
}

// announceRestart tells of a restart that was written.
func (r *Reconciler) announceRestart(class *v1alpha1.MeshIngressClass, w workload) {
	r.Metrics.Restarts.WithLabelValues(w.Workload.Kind).Inc()
	slices.Sort(w.restarts)
	r.Events.Eventf(class, nil, corev1.EventTypeNormal, reasonRestarting, "Repair",
		"%s: made anew, because of pods without a proxy in the right mode: %s", w.Workload, named(w.restarts))
}
