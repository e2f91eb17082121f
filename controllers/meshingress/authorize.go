// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/conditions"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/translate"
)

// authorized is what became of spec.authorization in one reconcile.
type authorized struct {
	status          metav1.ConditionStatus
	reason, message string

	// denied is a refusal that trying again soon does not change.
	denied error

	// waiting is true where more is to be done once the cache has caught up.
	waiting bool
}

func (s *scope) unauthorized(reason, message string) {
	s.authorized = authorized{status: metav1.ConditionFalse, reason: reason, message: message}
}

func (s *scope) authorizationPends(message string) {
	s.authorized = authorized{status: metav1.ConditionUnknown, reason: v1alpha1.ReasonPending, message: message}
}

// setAuthorized says what became of spec.authorization, where there is any.
func (s *scope) setAuthorized(set conditions.Setter) {
	switch a := s.authorized; {
	case s.mi.Spec.Authorization == nil:
		set.Only(false, v1alpha1.ConditionAuthorized, "", "")
	case a.status == metav1.ConditionTrue:
		set.True(v1alpha1.ConditionAuthorized, a.reason, a.message)
	case a.status == metav1.ConditionFalse:
		set.False(v1alpha1.ConditionAuthorized, a.reason, a.message)
	default:
		message := cmp.Or(a.message, "what is in place stays until the object is accepted")
		set.Unknown(v1alpha1.ConditionAuthorized, v1alpha1.ReasonPending, message)
	}
}

// authorize sees to the policy objects of the backends. It is done before the routes are
// written, so that who sends requests is let in first. What the API server refuses is
// for the condition, and keeps no route from being written.
func (r *Reconciler) authorize(ctx context.Context, s *scope) error {
	err := r.tryAuthorize(ctx, s)
	var conflict *apply.ObjectConflictError
	switch {
	case errors.As(err, &conflict):
		s.unauthorized(v1alpha1.ReasonObjectConflict, err.Error())
	case apierrors.IsForbidden(err):
		s.unauthorized(v1alpha1.ReasonForbidden, r.Explain(err, s.class).Error())
	case base.IsLasting(err):
		s.unauthorized(v1alpha1.ReasonApplyFailed, err.Error())
	default:
		return err
	}
	s.authorized.denied = err
	return nil
}

func (r *Reconciler) tryAuthorize(ctx context.Context, s *scope) error {
	if s.mi.Spec.Authorization == nil {
		return r.pruneAuthorization(ctx, s, nil)
	}
	if ready, err := r.policiesServed(ctx, s); err != nil || !ready {
		return err
	}
	state, why := s.trust()
	switch {
	case state == dataPlaneLost:
		return r.relax(ctx, s, why)
	case s.waiting || !s.translated() || !s.result.OK():
		s.authorizationPends("what is in place stays until the object is accepted")
		return nil
	}
	plan, err := r.planAuthorization(ctx, s, state)
	if err != nil {
		return err
	}
	if state != dataPlaneMeshed {
		return r.keepAdmitting(ctx, s, plan, state, why)
	}
	return r.guard(ctx, s, plan)
}

// policiesServed reports whether the cache holds Linkerd's policy kinds.
func (r *Reconciler) policiesServed(ctx context.Context, s *scope) (bool, error) {
	needs := authorization.Needs()
	served, err := observe.Served(ctx, r.Client, needs)
	if err != nil {
		return false, err
	}
	for _, k := range needs {
		if !served.Has(k) {
			s.unauthorized(v1alpha1.ReasonPolicyNotServed, fmt.Sprintf(
				"the API server does not serve %s %s%s: install the CRDs of Linkerd 2.16 or later",
				k.GroupVersion(), k.Kind, strings.Replace(k.Field, "spec", " with spec", 1)))
			return false, nil
		}
	}
	for _, k := range authorization.Kinds() {
		synced, err := r.Watches.Ensure(ctx, k.GroupVersionKind)
		if err != nil || !synced {
			s.authorizationPends("waiting for the first look at Linkerd's policies")
			s.authorized.waiting = true
			return false, err
		}
	}
	return true, nil
}

// guard puts in place what is planned. Who is admitted is written before the Servers,
// and what is not wanted any more leaves before another Server comes for its pods.
func (r *Reconciler) guard(ctx context.Context, s *scope, plan authorization.Plan) error {
	known := s.mi.Status.Inventory
	if err := r.recordAuthorization(ctx, s, plan.Objects); err != nil {
		return err
	}
	var servers []*unstructured.Unstructured
	admits := true // as it did before this reconcile
	for _, obj := range plan.Objects {
		if obj.GetKind() == authorization.KindServer.Kind {
			servers = append(servers, obj)
			continue
		}
		change, err := r.applyObject(ctx, s, known, obj)
		if err != nil {
			return err
		}
		admits = admits && change == apply.Unchanged
	}
	if err := r.pruneAuthorization(ctx, s, plan.Objects); err != nil {
		return err
	}
	waiting := false
	for _, obj := range servers {
		audited, err := r.putServer(ctx, s, known, obj, admits)
		if err != nil {
			return err
		}
		waiting = waiting || audited
	}
	s.sayGuarded(plan, waiting)
	return nil
}

// putServer writes a Server. One that is to deny, and does not yet, first lets everybody
// in and is seen so in the cluster, with who is admitted: the policy controller hears of
// the kinds in no order.
func (r *Reconciler) putServer(
	ctx context.Context, s *scope, known []v1alpha1.InventoryEntry, desired *unstructured.Unstructured, admits bool,
) (audited bool, err error) {
	if authorization.Denies(desired) {
		live, err := r.liveServer(ctx, desired.GetNamespace(), desired.GetName())
		if err != nil {
			return false, err
		}
		if audited = live == nil || !authorization.Denies(live) && !admits; audited {
			desired = authorization.Audited(desired)
			translate.OwnerOf(s.mi).Mark([]*unstructured.Unstructured{desired})
		}
	}
	_, err = r.applyObject(ctx, s, known, desired)
	return audited, err
}

// liveServer is nil where the cache holds none of the name.
func (r *Reconciler) liveServer(ctx context.Context, namespace, name string) (*unstructured.Unstructured, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(authorization.KindServer.GroupVersionKind)
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, live)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Server %s/%s: %w", namespace, name, err)
	}
	return live, nil
}

func (s *scope) sayGuarded(plan authorization.Plan, waiting bool) {
	effect := "those of others are denied"
	if s.mi.Spec.Authorization.Policy == v1alpha1.AuthorizationAudit {
		effect = "those of others are let in and logged"
	}
	switch {
	case len(plan.Refusals) > 0:
		messages := make([]string, 0, len(plan.Refusals))
		for _, refusal := range plan.Refusals {
			messages = append(messages, refusal.Message)
		}
		s.unauthorized(plan.Refusals[0].Reason, strings.Join(messages, "; "))
	case waiting:
		s.authorizationPends("requests of others are denied once the policies of those that are admitted are in place")
	default:
		s.authorized = authorized{
			status: metav1.ConditionTrue, reason: v1alpha1.ReasonAuthorized, message: fmt.Sprintf(
				"%d backend ports take requests of the ingress controller and %d listed clients; %s",
				plan.Guarded, len(s.mi.Spec.Authorization.Clients), effect),
		}
	}
	s.authorized.waiting = waiting
}

// relax lets everybody in, but leaves the rest as it is: requests of a controller that
// is not in the mesh have no identity, and must not be denied for it.
func (r *Reconciler) relax(ctx context.Context, s *scope, why string) error {
	owner := translate.OwnerOf(s.mi)
	servers := 0
	for _, e := range s.mi.Status.Inventory {
		if e.Group != authorization.Group || e.Kind != authorization.KindServer.Kind {
			continue
		}
		live, err := r.liveServer(ctx, e.Namespace, e.Name)
		if err != nil {
			return err
		}
		if live == nil || !owner.Owns(live) {
			continue
		}
		servers++
		if !authorization.Denies(live) {
			continue
		}
		desired := authorization.Audited(live)
		owner.Mark([]*unstructured.Unstructured{desired})
		if _, err := r.Writer().Object(ctx, owner, desired); err != nil {
			return err
		}
	}
	what := "nothing is written until it is"
	if servers > 0 {
		what = "its Servers let everybody in until it is"
	}
	s.unauthorized(v1alpha1.ReasonNotMeshed, why+"; "+what)
	return nil
}

// keepAdmitting lets in who a rollout brings, where Servers are in place, and leaves the
// rest as it is until the rollout is over.
func (r *Reconciler) keepAdmitting(
	ctx context.Context, s *scope, plan authorization.Plan, state dataPlaneState, why string,
) error {
	for _, obj := range plan.Objects {
		entry := inventory.EntryOf(obj)
		if obj.GetKind() != authorization.KindMeshTLSAuthentication.Kind || !slices.Contains(s.mi.Status.Inventory, entry) {
			continue
		}
		if _, err := r.Writer().Object(ctx, translate.OwnerOf(s.mi), obj); err != nil {
			return err
		}
	}
	why += "; what is in place stays until it is in the mesh"
	if state == dataPlaneUnknown {
		s.authorizationPends(why)
	} else {
		s.unauthorized(v1alpha1.ReasonNotMeshed, why)
	}
	return nil
}

// recordAuthorization writes down what is about to be written.
func (r *Reconciler) recordAuthorization(ctx context.Context, s *scope, objects []*unstructured.Unstructured) error {
	before := s.mi.DeepCopy()
	all := inventory.Union(s.mi.Status.Inventory, inventory.Of(objects))
	authorization.Sort(all)
	s.mi.Status.Inventory = all
	if equality.Semantic.DeepEqual(before.Status, s.mi.Status) {
		return nil
	}
	if err := r.PatchStatus(ctx, before, s.mi); err != nil {
		return fmt.Errorf("recording the inventory: %w", err)
	}
	return nil
}

// pruneAuthorization takes back the policy objects that are recorded and not planned,
// the Servers first. What could not be taken back stays recorded.
func (r *Reconciler) pruneAuthorization(ctx context.Context, s *scope, planned []*unstructured.Unstructured) error {
	stale := inventory.Stale(policyEntries(s.mi.Status.Inventory), inventory.Of(planned))
	for _, entry := range slices.Backward(stale) {
		if err := r.Writer().Delete(ctx, translate.OwnerOf(s.mi), entry); err != nil {
			return err
		}
		s.mi.Status.Inventory = inventory.Stale(s.mi.Status.Inventory, []v1alpha1.InventoryEntry{entry})
	}
	return nil
}

// policyEntries are those of the objects for spec.authorization.
func policyEntries(entries []v1alpha1.InventoryEntry) []v1alpha1.InventoryEntry {
	return slices.DeleteFunc(slices.Clone(entries), func(e v1alpha1.InventoryEntry) bool { return !authorization.IsKind(e) })
}

// isPolicy reports whether an object is of Linkerd's policy API, in whatever version.
func isPolicy(obj client.Object) bool {
	return obj.GetObjectKind().GroupVersionKind().Group == authorization.Group
}
