// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
)

// guard puts in place what is planned. Who is admitted is written before the Servers,
// and what is not wanted any more leaves before another Server comes for its pods; but
// what routes still lead to stays until these have gone.
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
		admitted, err := r.putAdmitted(ctx, s, known, obj)
		if err != nil {
			return err
		}
		admits = admits && admitted
	}
	if err := r.pruneAuthorization(ctx, s, slices.Concat(plan.Objects, plan.Former)); err != nil {
		return err
	}
	s.guards, s.guarded = true, plan.Objects
	waiting := false
	for _, obj := range servers {
		early, err := r.putServer(ctx, s, known, obj, plan.Lenient[obj.GetName()], admits)
		if err != nil {
			return err
		}
		waiting = waiting || early
	}
	s.sayGuarded(plan, waiting)
	return nil
}

// putAdmitted writes a part of who is admitted, and reports whether the cluster had it before, as
// it is, and the cache shows that.
func (r *Reconciler) putAdmitted(
	ctx context.Context, s *scope, known []v1alpha1.InventoryEntry, obj *unstructured.Unstructured,
) (before bool, err error) {
	change, err := r.applyObject(ctx, s, known, obj)
	if err != nil {
		return false, err
	}
	seen, err := r.seen(ctx, obj.GroupVersionKind(), client.ObjectKeyFromObject(obj))
	return change == apply.Unchanged && seen != nil, err
}

// putServer writes a Server. One that is to deny, and does not yet, first keeps out
// nobody and is seen so in the cluster, with who is admitted: the policy controller hears
// of the kinds in no order.
func (r *Reconciler) putServer(
	ctx context.Context, s *scope, known []v1alpha1.InventoryEntry, desired *unstructured.Unstructured, lenient string, admits bool,
) (early bool, err error) {
	if authorization.Denies(desired) {
		live, err := r.seen(ctx, desired.GroupVersionKind(), client.ObjectKeyFromObject(desired))
		if err != nil {
			return false, err
		}
		if early = live == nil || !authorization.Denies(live) && !admits; early {
			desired = authorization.WithAccess(desired, lenient)
			translate.OwnerOf(s.mi).Mark([]*unstructured.Unstructured{desired})
		}
	}
	_, err = r.applyObject(ctx, s, known, desired)
	return early, err
}

// seen is an object as the cache holds it; nil where that holds none of the name.
func (r *Reconciler) seen(
	ctx context.Context, gvk schema.GroupVersionKind, key client.ObjectKey,
) (*unstructured.Unstructured, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(gvk)
	err := r.Client.Get(ctx, key, live)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", gvk.Kind, key, err)
	}
	return live, nil
}

func (s *scope) sayGuarded(plan authorization.Plan, waiting bool) {
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
				plan.Guarded, len(s.mi.Spec.Authorization.Clients), s.effect(plan)),
		}
	}
	s.authorized.waiting = waiting
}

// effect says what becomes of requests of others.
func (s *scope) effect(plan authorization.Plan) string {
	if s.mi.Spec.Authorization.Policy == v1alpha1.AuthorizationEnforce {
		return "those of others are denied"
	}
	for _, lenient := range plan.Lenient {
		if lenient != linkerd.PolicyAudit {
			return "of others, only those are let in, and not logged, that " + linkerd.DefaultInboundPolicyAnnotation + " of the pods lets in"
		}
	}
	return "those of others are let in and logged"
}
