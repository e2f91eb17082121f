// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"time"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
)

// Reconciler reconciles MeshIngressClasses.
type Reconciler struct {
	base.Reconciler

	// Clock tells when pods were restarted last, and how long others take.
	Clock clock.PassiveClock
}

// scope is what one reconcile works on.
type scope struct {
	// before is the class as it was read, class what it becomes.
	before, class *v1alpha1.MeshIngressClass

	// cluster is what discovery looks through. Set by look.
	cluster injection.Cluster

	// served are the vendors' kinds that the API server serves. Set by look.
	served providers.Served

	// views are all classes as they stand, this one's under its name. Set by look.
	views map[string]*view

	// peers are the other classes, those on their way out as well: what they have taken
	// from others counts until they are gone. Set by look.
	peers []*v1alpha1.MeshIngressClass

	// workloads of this class with what they get. Set by plan.
	workloads []workload

	// left are workloads that the class saw in ingress mode and claims no longer, as long
	// as they are. Set by observePods.
	left []v1alpha1.WorkloadStatus

	// uncovered are routes of others, and MeshIngresses, that are open to a client's header.
	// Set by auditRelay.
	uncovered []v1alpha1.InventoryEntry

	// hazards of this class. Set by lookForHazards.
	hazards hazards

	// observed is true once the pods are, and audited once the routes of others and the
	// hazards are looked at. Until then the status keeps what it says of them: what may
	// not be read is not gone.
	observed, audited bool

	// injectorDown is true where pods would be restarted, if the injector were ready. Set
	// by planRestarts.
	injectorDown bool

	// blind is true where something may not be looked at.
	blind bool

	// waiting is true where a cache is not filled yet.
	waiting bool

	// revisit is how long until time alone changes something; 0 where it does not. Set
	// by observePods and planRestarts.
	revisit time.Duration

	// planned is what Enforce would write, for a class that is audited. Set by planAudit.
	planned writes

	// written is what the writes met, or would meet. Set by write and planAudit.
	written outcome
}

// workload is one workload of the class, and what became of it.
type workload struct {
	injection.Claim
	merged injection.Merged
	seen   injection.Observation
	rolled injection.Rollout
	err    error

	// waitsFor are MeshIngresses that do not send the header yet, without which
	// ingress mode is not set.
	waitsFor []string

	// awaits is the change that waits for the end of a rollout; empty where none does.
	awaits string

	// wrote is the value of linkerd.io/inject that this reconcile has written.
	wrote string

	// restarts are pods that the write of the target makes anew.
	restarts []string

	// restarted is when that was done last; zero where it never was. Set by planRestarts
	// and writeWorkloads.
	restarted time.Time
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	class := &v1alpha1.MeshIngressClass{}
	if err := r.Client.Get(ctx, req.NamespacedName, class); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	synced, err := r.Watches.Required(ctx)
	if err == nil && !synced {
		return ctrl.Result{RequeueAfter: base.RetrySoon}, nil
	}
	if !class.DeletionTimestamp.IsZero() {
		return r.release(ctx, class, err)
	}
	return r.reconcileClass(ctx, class, err)
}

// reconcileClass is given the error that keeps it from looking at the cluster, if there
// is one.
func (r *Reconciler) reconcileClass(ctx context.Context, class *v1alpha1.MeshIngressClass, err error) (ctrl.Result, error) {
	if err == nil {
		err = r.AddFinalizer(ctx, class)
	}
	s := &scope{before: class.DeepCopy(), class: class}
	if err == nil {
		err = r.reconcile(ctx, s)
	}
	if base.IsLasting(err) {
		s.blind, s.written.denied = true, r.Explain(err, class)
	} else if err != nil {
		// A passing error says nothing about the object: its status stays.
		return base.Retry(ctrl.Result{}, err)
	}
	if err := r.updateStatus(ctx, s); err != nil {
		return r.Unsaid(ctx, class, err)
	}
	return ctrl.Result{RequeueAfter: s.retryAfter()}, nil
}

func (r *Reconciler) reconcile(ctx context.Context, s *scope) error {
	facts, err := r.Linkerd.Facts(ctx)
	if err != nil {
		return err
	}
	if err := r.look(ctx, s, facts); err != nil {
		return err
	}
	if s.waiting {
		return nil
	}
	s.plan()
	if err := r.planServiceAccounts(ctx, s); err != nil {
		return err
	}
	if err := r.observePods(ctx, s); err != nil {
		return err
	}
	if err := r.planRestarts(ctx, s); err != nil {
		return err
	}
	s.observed = true
	if err := r.write(ctx, s); base.IsLasting(err) {
		s.written.denied = r.Explain(err, s.class)
	} else if err != nil {
		return err
	}
	return r.audit(ctx, s)
}

// audit looks for what may harm traffic although nothing is wrong with the class.
func (r *Reconciler) audit(ctx context.Context, s *scope) error {
	if err := r.lookForHazards(ctx, s); err != nil {
		return err
	}
	if err := r.auditRelay(ctx, s); err != nil {
		return err
	}
	s.audited = true
	return nil
}

func (s *scope) retryAfter() time.Duration {
	switch {
	case s.written.denied != nil || s.written.incomplete() != nil:
		return base.RetryDenied
	case s.waiting:
		return base.RetrySoon
	}
	for _, w := range s.workloads {
		if w.err != nil {
			s.revisitIn(base.RetryDenied)
		}
	}
	return s.revisit
}
