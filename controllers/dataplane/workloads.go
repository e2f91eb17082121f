// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// writeWorkloads writes into the workloads of this class what all classes want. It
// waits for the rest of the plan and for the routes: a proxy in ingress mode, with
// no header set, lets every client choose the Service.
func (r *Reconciler) writeWorkloads(ctx context.Context, s *scope) error {
	if !s.views[s.class.Name].enforces() || s.waiting || s.written.incomplete() != nil {
		return nil
	}
	settled := s.before.Status.ObservedGeneration == s.class.Generation
	for i := range s.workloads {
		w := &s.workloads[i]
		next, err := r.prepare(ctx, s, w)
		if err != nil {
			return err
		}
		if next == nil {
			continue
		}
		change, err := r.writeTarget(ctx, s, *w, next)
		if err := r.noteWorkload(w, r.Explain(err, s.class)); err != nil {
			return err
		}
		if change != apply.Configured || w.err != nil {
			continue
		}
		s.rolls(w.Target.InventoryEntry)
		r.count(s.class, w, settled)
	}
	return nil
}

// count tells of the write of a workload: a restart, or else a correction where the
// class had settled before.
func (r *Reconciler) count(class *v1alpha1.MeshIngressClass, w *workload, settled bool) {
	if len(w.restarts) > 0 {
		w.restarted = injection.LastRestart(w.merged.Annotations, nil, r.Clock.Now())
		r.announceRestart(class, *w)
	} else if settled {
		r.Metrics.DriftCorrections.WithLabelValues(w.Target.Kind).Inc()
	}
}

// write is what a target gets from all classes.
type write struct {
	// live is the target as the cache holds it.
	live client.Object

	claim apply.Claim

	// conflict is the first of those that leave fields to others.
	conflict error

	// setBack are the fields that were taken over, and that somebody has set back.
	setBack []*apply.FieldConflictError
}

// nextWrite is what is to be written into a target; nil where the target is gone and
// needs nothing.
func (r *Reconciler) nextWrite(ctx context.Context, s *scope, w workload) (*write, error) {
	live, err := r.readTarget(ctx, w.Target.InventoryEntry)
	if err != nil || live == nil {
		return nil, err
	}
	claim, conflict, err := s.claimOn(w, live)
	if err != nil {
		return nil, err
	}
	return &write{live: live, claim: claim, conflict: conflict}, nil
}

// prepare is what is to be written into the target of a workload; nil where nothing may
// be written now.
func (r *Reconciler) prepare(ctx context.Context, s *scope, w *workload) (*write, error) {
	if w.Blocked != "" || s.held(w.Target.InventoryEntry) {
		return nil, nil
	}
	if waits, err := r.waitsForRoutes(ctx, r.Client, s, w); err != nil || waits {
		return nil, err
	}
	next, err := r.nextWrite(ctx, s, *w)
	if err != nil || next == nil {
		return nil, err
	}
	if may, err := r.mayWrite(ctx, s, w, next); err != nil || !may {
		return nil, err
	}
	return next, nil
}

// mayWrite reports whether a write may be made now; what costs most is asked last.
func (r *Reconciler) mayWrite(ctx context.Context, s *scope, w *workload, next *write) (bool, error) {
	if may, err := r.mayRetake(s, w, next); err != nil || !may {
		return false, err
	}
	if may, err := r.mayRoll(ctx, s, w, next); err != nil || !may {
		return false, err
	}
	if len(next.claim.Fields) == 0 { // the mode is left to others
		return true, nil
	}
	waits, err := r.waitsForRoutes(ctx, r.Live, s, w)
	return !waits, err
}

// rolls notes that a pod template was written: what was read of the workload is how
// it was before.
func (s *scope) rolls(target v1alpha1.InventoryEntry) {
	for i := range s.workloads {
		w := &s.workloads[i]
		if w.Target.InventoryEntry == target && w.Target.IsWorkload() {
			w.Workload.RolledOut, w.rolled = false, injection.Rollout{}
			w.wrote = w.merged.Annotations[linkerd.InjectAnnotation]
		}
	}
}

// noteWorkload keeps a refusal for the status and lets other errors through.
func (r *Reconciler) noteWorkload(w *workload, err error) error {
	if !isConflict(err) && !apply.IsDenied(err) {
		return err
	}
	w.err = err
	if isConflict(err) {
		r.Metrics.Conflicts.WithLabelValues(w.Target.Kind).Inc()
	}
	return nil
}

// writeTarget sets the annotations for the injector, and what goes with them. An object
// that is gone needs nothing.
func (r *Reconciler) writeTarget(ctx context.Context, s *scope, w workload, next *write) (apply.Change, error) {
	claim, conflict, overrides := next.claim, next.conflict, s.overrides(w.Target.InventoryEntry)
	if overrides {
		err := r.take(ctx, s, claim, next.live)
		if err == nil {
			claim, conflict, err = s.claimOn(w, next.live) // which keeps what was taken just now
		}
		if err != nil {
			return apply.Unchanged, err
		}
	}
	change, err := r.set(ctx, s, claim, next.live, overrides)
	var gone *apply.GoneError
	switch {
	case errors.As(err, &gone):
		return apply.Unchanged, nil
	case err != nil:
		return change, err
	default:
		return change, cmp.Or(r.noteRetaken(ctx, s.class, claim, next.setBack), conflict)
	}
}

// claimOn is what a target gets from all classes as it is now, and the first of the
// conflicts, which leave fields to others.
func (s *scope) claimOn(w workload, live client.Object) (claim apply.Claim, conflict, err error) {
	claim = w.claim()
	listsOnly := true
	conflicts, err := apply.FieldConflicts(claim, live)
	if err != nil {
		return claim, nil, err
	}
	overrides := s.overrides(w.Target.InventoryEntry)
	var lost [][]string
	for _, c := range conflicts {
		switch {
		case s.suffices(claim, c.Path, c.Value):
			unstructured.RemoveNestedField(claim.Fields, c.Path...)
		case overrides:
			if err := addPorts(claim, c.Path, c.Value); err != nil {
				return claim, nil, err
			}
		default:
			lost = append(lost, c.Path)
			if conflict == nil || listsOnly && !isPortList(c.Path) {
				conflict, listsOnly = c, isPortList(c.Path)
			}
		}
	}
	if overrides {
		return claim, nil, s.keepTheirPorts(claim)
	}
	return without(claim, lost), conflict, nil
}

// suffices reports whether what others have set at a path, a value in JSON, holds every
// port that is needed. Whoever sets a list does without the ports that Linkerd would leave
// out by itself.
func (s *scope) suffices(claim apply.Claim, path []string, value string) bool {
	key, facts := path[len(path)-1], s.cluster.Linkerd
	byItself := map[string]string{
		linkerd.SkipInboundPortsAnnotation:  facts.IgnoreInboundPorts,
		linkerd.SkipOutboundPortsAnnotation: facts.IgnoreOutboundPorts,
	}
	ports, isList := byItself[key]
	var theirs string
	if !isList || json.Unmarshal([]byte(value), &theirs) != nil {
		return false
	}
	ours, _, _ := unstructured.NestedString(claim.Fields, path...)
	return linkerd.ParsePorts(theirs).Union(linkerd.ParsePorts(ports)).Covers(linkerd.ParsePorts(ours))
}

// keepTheirPorts adds to the lists of ports of a claim those of the lists that were taken
// over for it. A list that is enough by now is not in the claim any more, so that it is
// given back.
func (s *scope) keepTheirPorts(claim apply.Claim) error {
	for _, f := range s.taken(claim) {
		if s.suffices(claim, f.Path, f.Value) {
			unstructured.RemoveNestedField(claim.Fields, f.Path...)
			continue
		}
		if err := addPorts(claim, f.Path, f.Value); err != nil {
			return err
		}
	}
	return nil
}

// addPorts adds to a list of ports of a claim those of a value in JSON. What is no list of
// ports, or not in the claim, stays as it is.
func addPorts(claim apply.Claim, path []string, value string) error {
	ours, wanted, _ := unstructured.NestedString(claim.Fields, path...)
	if !wanted || !isPortList(path) {
		return nil
	}
	var theirs string
	if err := json.Unmarshal([]byte(value), &theirs); err != nil {
		return fmt.Errorf("reading the ports that others have set on %s: %w", claim, err)
	}
	all := linkerd.ParsePorts(theirs).Union(linkerd.ParsePorts(ours)).String()
	if err := unstructured.SetNestedField(claim.Fields, all, path...); err != nil {
		return fmt.Errorf("adding ports to %s: %w", claim, err)
	}
	return nil
}

// without leaves fields out of a claim. Without anything but lists of ports and the time
// of a restart, the rest is of no use.
func without(claim apply.Claim, paths [][]string) apply.Claim {
	claim.Fields = runtime.DeepCopyJSON(claim.Fields)
	for _, path := range paths {
		if !isPortList(path) && path[len(path)-1] != v1alpha1.RestartedAtAnnotation {
			claim.Fields = nil
			return claim
		}
		unstructured.RemoveNestedField(claim.Fields, path...)
	}
	return claim
}

func isPortList(path []string) bool {
	key := path[len(path)-1]
	return key == linkerd.SkipInboundPortsAnnotation || key == linkerd.SkipOutboundPortsAnnotation
}

// claim is what the target gets from all classes.
func (w *workload) claim() apply.Claim {
	claim := apply.ClaimOf(recordOf(w.Target))
	claim.Fields = w.Target.Fields(w.merged.Annotations, w.merged.PodSpec)
	return claim
}

// readTarget reads from the cache; nil where the object is gone.
func (r *Reconciler) readTarget(ctx context.Context, e v1alpha1.InventoryEntry) (client.Object, error) {
	obj, err := r.Cached(ctx, inventory.GVK(e))
	if err != nil || obj == nil {
		return nil, err
	}
	err = r.Client.Get(ctx, client.ObjectKey{Namespace: e.Namespace, Name: e.Name}, obj)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s %s/%s: %w", e.Kind, e.Namespace, e.Name, err)
	}
	return obj, nil
}
