// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
	"github.com/meshingress/meshingress/providers"
)

// Bounds of lists in the status.
const (
	maxRoutes  = 256
	maxNotices = 16
)

// updateStatus says what this reconcile observed, where that is something new.
func (r *Reconciler) updateStatus(ctx context.Context, s *scope) error {
	status := &s.mi.Status
	status.ObservedGeneration = s.mi.Generation
	status.ClassName = s.placedClass()
	if s.written.pruned {
		status.MovingTo = nil
		status.Strategy = s.result.Strategy
		status.Routes = s.result.Routes[:min(len(s.result.Routes), maxRoutes)]
		status.Notices = slices.Concat(s.result.Hazards, s.result.Plan.Notices)
	}
	status.Notices = withDenials(status.Notices, s.denials())
	set := conditions.For(&status.Conditions, s.mi.Generation)
	s.setAccepted(set)
	s.setResolvedRefs(set)
	s.setProgrammed(set)
	s.setMeshed(set)
	s.setAuthorized(set)
	s.setHazard(set)
	reason, message := s.conflict()
	set.Only(s.written.conflicted(), v1alpha1.ConditionConflicted, reason, message)
	set.Summarize(s.summarized()...)
	return r.sayStatus(ctx, s.before, s.mi)
}

// sayStatus writes the status, and tells of what is new in it.
func (r *Reconciler) sayStatus(ctx context.Context, before, mi *v1alpha1.MeshIngress) error {
	if err := r.patchStatus(ctx, before, mi); err != nil {
		return err
	}
	conditions.Announce(r.Events, mi, before.Status.Conditions, mi.Status.Conditions)
	conditions.AnnounceNotices(r.Events, mi, before.Status.Notices, mi.Status.Notices)
	return nil
}

// denials are the writes that admission refused.
func (s *scope) denials() []v1alpha1.Notice {
	return base.AdmissionDenied(s.written.denied, s.authorized.denied)
}

// withDenials puts denials before the notices, in the place of those before.
func withDenials(notices, denials []v1alpha1.Notice) []v1alpha1.Notice {
	return conditions.Notices(slices.Concat(denials, base.WithoutDenials(notices)), maxNotices)
}

// summarized are the conditions that Ready is made of.
func (s *scope) summarized() []string {
	kinds := []string{
		v1alpha1.ConditionAccepted, v1alpha1.ConditionResolvedRefs, v1alpha1.ConditionProgrammed, v1alpha1.ConditionMeshed,
	}
	if s.mi.Spec.Authorization != nil {
		kinds = append(kinds, v1alpha1.ConditionAuthorized)
	}
	return kinds
}

// setHazard tells of what may harm traffic. What was seen before is not unsaid while
// nothing can be looked at.
func (s *scope) setHazard(set conditions.Setter) {
	if !s.translated() {
		return
	}
	tellHazards(set, slices.Concat(s.denials(), s.result.Hazards))
}

func tellHazards(set conditions.Setter, hazards []v1alpha1.Notice) {
	reason, messages := v1alpha1.ReasonPending, make([]string, 0, len(hazards))
	for _, h := range hazards {
		messages = append(messages, h.Message)
	}
	if len(hazards) > 0 {
		reason = hazards[0].Reason
	}
	set.Only(len(hazards) > 0, v1alpha1.ConditionHazard, reason, strings.Join(messages, "; "))
}

// translated reports whether the pure path was run and found a strategy.
func (s *scope) translated() bool { return s.result.Strategy != "" }

// patchStatus writes the status where it has changed.
func (r *Reconciler) patchStatus(ctx context.Context, before, mi *v1alpha1.MeshIngress) error {
	if equality.Semantic.DeepEqual(before.Status, mi.Status) {
		return nil
	}
	return client.IgnoreNotFound(r.PatchStatus(ctx, before, mi.DeepCopy()))
}

func (s *scope) setAccepted(set conditions.Setter) {
	switch {
	case apierrors.IsForbidden(s.written.denied) && (s.blind || s.class != nil && !s.translated()):
		set.False(v1alpha1.ConditionAccepted, v1alpha1.ReasonForbidden, s.written.denied.Error())
	case s.class == nil && s.mi.Spec.ClassName == "":
		set.False(v1alpha1.ConditionAccepted, v1alpha1.ReasonClassNotFound,
			"spec.className: there is no default MeshIngressClass: name one, or annotate one with "+
				v1alpha1.DefaultClassAnnotation+`: "true"`)
	case s.class == nil:
		set.False(v1alpha1.ConditionAccepted, v1alpha1.ReasonClassNotFound, fmt.Sprintf(
			"spec.className: there is no MeshIngressClass %q: create it or correct the name", s.mi.Spec.ClassName))
	case s.result.Rejected != nil:
		set.False(v1alpha1.ConditionAccepted, s.result.Rejected.Reason, conditions.Message(s.result.Rejected.Errors))
	case base.IsUnreadable(s.written.denied):
		set.Unknown(v1alpha1.ConditionAccepted, v1alpha1.ReasonLinkerdUnreadable, s.written.denied.Error())
	case !s.translated():
		set.Unknown(v1alpha1.ConditionAccepted, v1alpha1.ReasonPending, "MeshIngressClass "+s.class.Name+" cannot be looked at yet")
	default:
		set.True(v1alpha1.ConditionAccepted, v1alpha1.ReasonAccepted, "served by MeshIngressClass "+s.class.Name)
	}
}

func (s *scope) setResolvedRefs(set conditions.Setter) {
	switch {
	case len(s.result.Refs) > 0:
		set.False(v1alpha1.ConditionResolvedRefs, v1alpha1.ReasonInvalidBackend, conditions.Message(s.result.Refs))
	case s.class == nil || s.result.Strategy == "" || (s.result.Rejected != nil && len(s.result.Routes) == 0):
		set.Unknown(v1alpha1.ConditionResolvedRefs, v1alpha1.ReasonPending, "backends are resolved once the object is accepted")
	default:
		set.True(v1alpha1.ConditionResolvedRefs, v1alpha1.ReasonResolvedRefs, "every backend exists and has a ClusterIP")
	}
}

func (s *scope) setProgrammed(set conditions.Setter) {
	kind := v1alpha1.ConditionProgrammed
	switch {
	case s.written.conflicted():
		reason, message := s.conflict()
		set.False(kind, reason, message)
	case apierrors.IsForbidden(s.written.denied):
		set.False(kind, v1alpha1.ReasonForbidden, s.written.denied.Error())
	case base.IsUnreadable(s.written.denied):
		set.Unknown(kind, v1alpha1.ReasonLinkerdUnreadable, s.written.denied.Error())
	case s.written.denied != nil:
		set.False(kind, v1alpha1.ReasonApplyFailed, s.written.denied.Error())
	case s.written.done:
		s.setVerdict(set)
	case s.held != "":
		set.Unknown(kind, v1alpha1.ReasonProxyModePending, s.held)
	case s.waiting:
		set.Unknown(kind, v1alpha1.ReasonPending, "waiting for the first look at the vendor's objects")
	case s.hasRoutes():
		set.Unknown(kind, v1alpha1.ReasonPending, "what was applied before stays until the object is accepted again")
	default:
		set.Unknown(kind, v1alpha1.ReasonPending, "nothing is written until the object is accepted")
	}
}

// setVerdict says that the plan is in place, unless the vendor refuses it or old
// routes have to stay.
func (s *scope) setVerdict(set conditions.Setter) {
	kind, v := v1alpha1.ConditionProgrammed, s.written.verdict
	switch {
	case v.state == providers.VerdictRejected:
		message := fmt.Sprintf("the controller refuses %s: %s", v.object, v.message)
		if s.written.holdsOld != "" {
			message += "; " + s.written.holdsOld
		}
		set.False(kind, v1alpha1.ReasonNotAccepted, message)
	case s.written.holdsOld != "":
		set.Unknown(kind, v1alpha1.ReasonMoving, s.written.holdsOld)
	default:
		set.True(kind, v1alpha1.ReasonProgrammed, fmt.Sprintf(
			"%d generated objects are in place", len(s.result.Plan.Objects)))
	}
}

// setMeshed takes over what the class observes of its pods, once that is about the
// class as it is now.
func (s *scope) setMeshed(set conditions.Setter) {
	kind := v1alpha1.ConditionMeshed
	switch {
	case s.blind:
		set.Unknown(kind, v1alpha1.ReasonPending, "the cluster cannot be looked at")
		return
	case s.class == nil:
		set.Unknown(kind, v1alpha1.ReasonPending, "there is no class")
		return
	}
	meshed := meta.FindStatusCondition(s.class.Status.Conditions, kind)
	current := meshed != nil && meshed.ObservedGeneration == s.class.Generation &&
		(s.result.Strategy == "" || s.class.Status.Strategy == s.result.Strategy)
	switch {
	case !current:
		set.Unknown(kind, v1alpha1.ReasonPending, "MeshIngressClass "+s.class.Name+" has not been looked at yet")
	case meshed.Status == metav1.ConditionTrue:
		set.True(kind, meshed.Reason, s.classSays(meshed))
	case meshed.Status == metav1.ConditionUnknown:
		set.Unknown(kind, meshed.Reason, s.classSays(meshed))
	default:
		set.False(kind, meshed.Reason, s.classSays(meshed))
	}
}

// classSays is the class's message, but where that counts pods: a rollout must not
// write the status of every MeshIngress at each pod.
func (s *scope) classSays(meshed *metav1.Condition) string {
	switch meshed.Reason {
	case v1alpha1.ReasonMeshed:
		return "the pods of MeshIngressClass " + s.class.Name + " are in the mesh"
	case v1alpha1.ReasonRolloutInProgress, v1alpha1.ReasonNotInjected, v1alpha1.ReasonIgnored:
		return "not every pod of MeshIngressClass " + s.class.Name + " is in the mesh: see its status"
	default:
		return meshed.Message
	}
}

// conflict says what is somebody else's: objects first, because they are asked for
// first.
func (s *scope) conflict() (reason, message string) {
	if len(s.written.conflicts) > 0 {
		return v1alpha1.ReasonObjectConflict, strings.Join(s.written.conflicts, ", ") +
			" exist already and were not made for this MeshIngress: delete them, or rename the MeshIngress"
	}
	return v1alpha1.ReasonFieldConflict, strings.Join(s.written.fields, "; ")
}
