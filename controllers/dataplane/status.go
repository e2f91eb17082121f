// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// Bounds of lists in the status and in messages.
const (
	maxUncovered = 64
	maxNotices   = 16
	maxVersion   = 128
	maxWorkloads = 32
	maxNamed     = 5
	maxAccounts  = 8
)

// updateStatus says what this reconcile observed, where that is something new.
func (r *Reconciler) updateStatus(ctx context.Context, s *scope) error {
	status := &s.class.Status
	status.ObservedGeneration = s.class.Generation
	set := conditions.For(&status.Conditions, s.class.Generation)
	s.setSeen(set)
	if !s.waiting || len(status.Conditions) == 0 { // what was seen before is not unsaid
		s.setAccepted(set)
		s.setDiscovered(set)
		s.setMeshed(set)
	}
	conflict := s.conflict()
	set.Only(conflict != nil, v1alpha1.ConditionConflicted, conflictReason(conflict), s.explain(conflict))
	set.Summarize(v1alpha1.ConditionAccepted, v1alpha1.ConditionDiscovered, v1alpha1.ConditionMeshed)
	return r.sayStatus(ctx, s.before, s.class)
}

// sayStatus writes the status, and tells of what is new in it.
func (r *Reconciler) sayStatus(ctx context.Context, before, class *v1alpha1.MeshIngressClass) error {
	if err := r.patchStatus(ctx, before, class); err != nil {
		return err
	}
	conditions.Announce(r.Events, class, before.Status.Conditions, class.Status.Conditions)
	conditions.AnnounceNotices(r.Events, class, before.Status.Notices, class.Status.Notices)
	conditions.AnnounceNotices(r.Events, class, before.Status.Hazards, class.Status.Hazards)
	return nil
}

// setSeen tells what was looked at.
func (s *scope) setSeen(set conditions.Setter) {
	if s.waiting {
		return
	}
	if s.observed {
		s.setFacts(s.views[s.class.Name])
		s.setWorkloads()
	}
	if s.audited {
		s.class.Status.UncoveredRoutes = s.uncovered[:min(len(s.uncovered), maxUncovered)]
		set.Only(len(s.uncovered) > 0, v1alpha1.ConditionRelayExposed, v1alpha1.ReasonUncoveredRoutes, s.relayMessage())
		s.setHazards(set)
	}
}

// patchStatus writes the status where it has changed.
func (r *Reconciler) patchStatus(ctx context.Context, before, class *v1alpha1.MeshIngressClass) error {
	if equality.Semantic.DeepEqual(before.Status, class.Status) {
		return nil
	}
	return client.IgnoreNotFound(r.PatchStatus(ctx, before, class.DeepCopy()))
}

func (s *scope) setFacts(v *view) {
	status, facts := &s.class.Status, s.cluster.Linkerd
	status.Strategy, status.StrategyReason = v.result.Strategy, v.result.StrategyReason
	version := v.discovery.VendorVersion
	status.VendorVersion = version[:min(len(version), maxVersion)]
	notices := slices.Concat(v.result.Plan.Notices, v.discovery.Notices(s.class), s.hazards.unknown)
	status.Notices = conditions.Notices(notices, maxNotices)
	status.Planned = s.planned.sorted()
	status.Linkerd = nil
	if facts.Found {
		status.Linkerd = &v1alpha1.LinkerdStatus{
			Version: facts.Version[:min(len(facts.Version), maxVersion)], ClusterDomain: facts.ClusterDomain, Namespace: facts.Namespace,
		}
	}
}

func (s *scope) setWorkloads() {
	var pods, meshed int32
	workloads := make([]v1alpha1.WorkloadStatus, 0, len(s.workloads))
	for _, w := range s.workloads {
		// The API server runs pods that name no ServiceAccount as "default".
		account := cmp.Or(w.Workload.Template.Spec.ServiceAccountName, "default")
		item := v1alpha1.WorkloadStatus{
			WorkloadReference: w.Workload.WorkloadReference, ServiceAccountName: account,
			FormerServiceAccountNames: w.formerAccounts(account),
			Pods:                      w.Workload.Desired, MeshedPods: w.seen.Meshed, UnmeshedPods: w.seen.Bare,
			IngressModePods: s.ingressPods(w),
			Message:         conditions.Bound(cmp.Or(w.Blocked, errorText(w.err))),
		}
		if !w.restarted.IsZero() {
			item.RestartedAt = new(metav1.NewTime(w.restarted))
		}
		if !ignores(s.class) {
			item.Fields = w.Annotations
		}
		workloads = append(workloads, item)
		pods, meshed = pods+item.Pods, meshed+item.MeshedPods
	}
	s.class.Status.Workloads = slices.Concat(workloads, s.left)[:min(len(workloads)+len(s.left), maxWorkloads)]
	s.class.Status.MeshedPods = fmt.Sprintf("%d/%d", meshed, pods)
}

// formerAccounts are the ServiceAccounts that pods have and the template has not.
func (w workload) formerAccounts(account string) []string {
	former := slices.DeleteFunc(slices.Clone(w.seen.Accounts), func(name string) bool { return name == account })
	return former[:min(len(former), maxAccounts)]
}

func (s *scope) setAccepted(set conditions.Setter) {
	v := s.views[s.class.Name]
	switch {
	case apierrors.IsForbidden(s.written.denied) && (v == nil || apierrors.IsForbidden(v.failed)):
		set.False(v1alpha1.ConditionAccepted, v1alpha1.ReasonForbidden, s.written.denied.Error())
	case v == nil:
		set.Unknown(v1alpha1.ConditionAccepted, s.unseenReason(), errorText(s.written.denied))
	case v.result.Rejected != nil:
		set.False(v1alpha1.ConditionAccepted, v.result.Rejected.Reason, conditions.Message(v.result.Rejected.Errors))
	default:
		set.True(v1alpha1.ConditionAccepted, v1alpha1.ReasonAccepted, v.result.StrategyReason)
	}
}

func (s *scope) setDiscovered(set conditions.Setter) {
	v := s.views[s.class.Name]
	if v == nil || v.provider == nil {
		set.Unknown(v1alpha1.ConditionDiscovered, v1alpha1.ReasonPending, "the data plane is looked for once the class is accepted")
		return
	}
	var failed *injection.DiscoveryError
	if errors.As(v.failed, &failed) {
		set.False(v1alpha1.ConditionDiscovered, failed.Reason, failed.Message)
		return
	}
	if v.failed != nil {
		set.Unknown(v1alpha1.ConditionDiscovered, v1alpha1.ReasonPending, v.failed.Error())
		return
	}
	names := make([]string, 0, len(v.discovery.Workloads))
	for _, w := range v.discovery.Workloads {
		names = append(names, w.String())
	}
	set.True(v1alpha1.ConditionDiscovered, v1alpha1.ReasonDiscovered, strings.Join(names, ", "))
}

func (s *scope) setMeshed(set conditions.Setter) {
	kind := v1alpha1.ConditionMeshed
	switch v := s.views[s.class.Name]; {
	case s.blind: // which takes no pod out of the mesh
		set.Unknown(kind, unwrittenReason(s.written.denied), s.written.denied.Error())
	case s.written.denied != nil:
		set.False(kind, unwrittenReason(s.written.denied), s.written.denied.Error())
	case s.waiting:
		set.Unknown(kind, v1alpha1.ReasonPending, "waiting for the first look at the vendor's objects")
	case v == nil || v.result.Rejected != nil:
		set.Unknown(kind, v1alpha1.ReasonPending, "the class is not accepted")
	case v.outside() != "":
		set.False(kind, v1alpha1.ReasonDataPlaneOutsideCluster, v.outside())
	case v.failed != nil:
		set.Unknown(kind, s.unlessIgnored(v1alpha1.ReasonPending), "the data plane has not been found")
	case s.linkerdMissing() != "":
		set.False(kind, s.unlessIgnored(v1alpha1.ReasonLinkerdNotFound), s.linkerdMissing())
	case s.written.incomplete() != nil:
		set.False(kind, unwrittenReason(s.written.incomplete()), s.explain(s.written.incomplete()))
	default:
		s.setMeshedByWorkload(set)
	}
}

// setMeshedByWorkload tells of the first workload that is not meshed.
func (s *scope) setMeshedByWorkload(set conditions.Setter) {
	for _, w := range s.workloads {
		if reason, message := s.unmeshed(w); reason != "" {
			set.False(v1alpha1.ConditionMeshed, reason, w.Workload.String()+": "+message)
			return
		}
	}
	set.True(v1alpha1.ConditionMeshed, v1alpha1.ReasonMeshed,
		s.class.Status.MeshedPods+" pods are ready and have a ready proxy in the right mode")
}

// unmeshed says why a workload is not meshed; nothing where it is.
func (s *scope) unmeshed(w workload) (reason, message string) {
	if ignores(s.class) {
		return s.ignored(w)
	}
	winner, lost := w.merged.Losers[s.class.Name]
	switch {
	case w.Blocked != "":
		return v1alpha1.ReasonInjectionBlocked, w.Blocked
	case w.err != nil:
		return unwrittenReason(w.err), s.explain(w.err)
	case lost:
		return v1alpha1.ReasonFieldConflict, fmt.Sprintf("the older MeshIngressClass %s needs another proxy mode: "+
			"give both the same spec.routing, or give this one a workload of its own", winner)
	case len(w.waitsFor) > 0:
		return v1alpha1.ReasonRoutesNotReady, "its proxy stays out of ingress mode until every route sends " +
			linkerd.OverrideHeader + "; these MeshIngresses do not: " + named(w.waitsFor)
	case w.awaits != "":
		return v1alpha1.ReasonRolloutInProgress, "the rollout under way has to end first, before this is set: " + w.awaits
	case w.allMeshed():
		return "", ""
	case audits(s.class):
		return v1alpha1.ReasonAudit, "nothing is written; see status.planned for what would be"
	default:
		return s.unmeshedPods(w)
	}
}

// ignored says what is seen of a workload about which the class is told to do nothing;
// nothing where it is meshed all the same.
func (s *scope) ignored(w workload) (reason, message string) {
	if w.allMeshed() {
		return "", ""
	}
	seen := w.Blocked
	if seen == "" {
		_, seen = s.unmeshedPods(w)
	}
	return v1alpha1.ReasonIgnored, "nothing is done, as spec.dataPlane.injection says: " + seen
}

// unlessIgnored is a reason for not being meshed. A class that only observes has one of its
// own: nobody has asked for anything else.
func (s *scope) unlessIgnored(reason string) string {
	if ignores(s.class) {
		return v1alpha1.ReasonIgnored
	}
	return reason
}

// ignores reports whether a class only observes.
func ignores(class *v1alpha1.MeshIngressClass) bool {
	return class.Spec.DataPlane.Injection == v1alpha1.InjectionIgnore
}

// unwrittenReason is the reason for a write that was not made.
func unwrittenReason(err error) string {
	var field *apply.FieldConflictError
	switch {
	case apierrors.IsForbidden(err):
		return v1alpha1.ReasonForbidden
	case base.IsUnreadable(err):
		return v1alpha1.ReasonLinkerdUnreadable
	case errors.As(err, &field):
		return conflictReason(err)
	default:
		return v1alpha1.ReasonApplyFailed
	}
}

// unseenReason is the reason for what cannot be told, because the class could not be
// looked at.
func (s *scope) unseenReason() string {
	if base.IsUnreadable(s.written.denied) {
		return v1alpha1.ReasonLinkerdUnreadable
	}
	return v1alpha1.ReasonPending
}

// explain is the text of an error, with what a class can do besides about a field that
// is somebody else's.
func (s *scope) explain(err error) string {
	var field *apply.FieldConflictError
	if errors.As(err, &field) && field.Why == "" && !field.SetBack && !overrides(s.class) {
		return err.Error() + ", or set spec.dataPlane.conflictPolicy to Override"
	}
	return errorText(err)
}

// conflictReason is the reason of the condition Conflicted.
func conflictReason(err error) string {
	var object *apply.ObjectConflictError
	var field *apply.FieldConflictError
	switch {
	case errors.As(err, &object):
		return v1alpha1.ReasonObjectConflict
	case errors.As(err, &field) && field.SetBack:
		return v1alpha1.ReasonContested
	default:
		return v1alpha1.ReasonFieldConflict
	}
}

// allMeshed reports whether every pod that should run does, and is meshed.
func (w workload) allMeshed() bool {
	return w.seen.Meshed > 0 && w.seen.Meshed == w.Workload.Desired && w.seen.Meshed == w.seen.Pods && w.Workload.RolledOut
}

func named(names []string) string {
	text := strings.Join(names[:min(len(names), maxNamed)], ", ")
	if more := len(names) - maxNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// conflict is the first field or object that is somebody else's.
func (s *scope) conflict() error {
	if s.written.conflict != nil {
		return s.written.conflict
	}
	for _, w := range s.workloads {
		if isConflict(w.err) {
			return w.err
		}
	}
	return nil
}

func (s *scope) relayMessage() string {
	items := make([]string, 0, len(s.uncovered))
	for _, e := range s.uncovered {
		items = append(items, e.Kind+" "+e.Namespace+"/"+e.Name)
	}
	return "in ingress mode a client can choose the Service by sending l5d-dst-override, on these routes: " + named(items) +
		". Set or strip the header there, or make MeshIngresses of them; a MeshIngress needs a class with header routing"
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
