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

	// denied is a refusal that trying again soon does not change; nil where there is none.
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
// written, so that who sends requests is let in first.
func (r *Reconciler) authorize(ctx context.Context, s *scope) error {
	return r.asCondition(s, r.tryAuthorize(ctx, s))
}

// unguard takes away the policy objects for what has ceased to be a backend. It is done
// after the routes to it have gone.
func (r *Reconciler) unguard(ctx context.Context, s *scope) error {
	if !s.guards || !s.written.pruned {
		return nil
	}
	return r.asCondition(s, r.pruneAuthorization(ctx, s, s.guarded))
}

// asCondition keeps what the API server refuses for the condition: it keeps no route from
// being written.
func (r *Reconciler) asCondition(s *scope, err error) error {
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
		return r.admit(ctx, s)
	}
	if state != dataPlaneMeshed {
		return r.keepAdmitting(ctx, s, state, why)
	}
	plan, err := r.planAuthorization(ctx, s)
	if err != nil {
		return err
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
