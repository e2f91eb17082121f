// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
)

// relax lets in whoever would be let in without our Servers, but leaves the rest as it is:
// requests of a controller that is not in the mesh have no identity, and must not be
// denied for it.
func (r *Reconciler) relax(ctx context.Context, s *scope, why string) error {
	what := "nothing is written until it is"
	for _, e := range s.mi.Status.Inventory {
		if e.Group != authorization.Group || e.Kind != authorization.KindServer.Kind {
			continue
		}
		live, err := r.seen(ctx, inventory.GVK(e), client.ObjectKey{Namespace: e.Namespace, Name: e.Name})
		if err != nil {
			return err
		}
		if live == nil || !translate.OwnerOf(s.mi).Owns(live) {
			continue
		}
		what = "its Servers deny nobody until it is"
		if err := r.relaxServer(ctx, s, live); err != nil {
			return err
		}
	}
	s.unauthorized(v1alpha1.ReasonNotMeshed, why+"; "+what)
	return nil
}

// relaxServer makes a Server deny nobody that would be let in without it.
func (r *Reconciler) relaxServer(ctx context.Context, s *scope, live *unstructured.Unstructured) error {
	if !authorization.Denies(live) {
		return nil
	}
	lenient, err := r.lenient(ctx, live)
	if err != nil || lenient == authorization.Access(live) {
		return err
	}
	owner := translate.OwnerOf(s.mi)
	desired := authorization.WithAccess(live, lenient)
	owner.Mark([]*unstructured.Unstructured{desired})
	_, err = r.Writer().Object(ctx, owner, desired)
	return err
}

// lenient is the accessPolicy by which a Server of ours takes nothing from anybody.
func (r *Reconciler) lenient(ctx context.Context, server *unstructured.Unstructured) (string, error) {
	spec, err := linkerd.ReadServer(server)
	if err != nil {
		return "", err
	}
	selector, err := metav1.LabelSelectorAsSelector(spec.PodSelector)
	if err != nil {
		return "", fmt.Errorf("reading the podSelector of Server %s/%s: %w", server.GetNamespace(), server.GetName(), err)
	}
	var pods corev1.PodList
	err = r.Client.List(ctx, &pods, client.InNamespace(server.GetNamespace()), client.MatchingLabelsSelector{Selector: selector})
	if err != nil {
		return "", fmt.Errorf("listing the pods of Server %s/%s: %w", server.GetNamespace(), server.GetName(), err)
	}
	facts, err := r.Linkerd.Facts(ctx)
	if err != nil && !base.IsUnreadable(err) { // what makes no sense must keep nobody out
		return "", err
	}
	ns := &corev1.Namespace{}
	if err := r.Client.Get(ctx, client.ObjectKey{Name: server.GetNamespace()}, ns); client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("reading Namespace %s: %w", server.GetNamespace(), err)
	}
	return authorization.Mesh{Linkerd: facts, Namespace: ns}.Lenient(pods.Items, spec.Port), nil
}

// keepAdmitting lets in who a rollout brings, where somebody is admitted already, and
// leaves the rest as it is until the rollout is over.
func (r *Reconciler) keepAdmitting(ctx context.Context, s *scope, state dataPlaneState, why string) error {
	in, err := r.authorizationInput(ctx, s)
	if err != nil {
		return err
	}
	if err := r.putAdmitting(ctx, s, in); err != nil {
		return err
	}
	why += "; what is in place stays until it is in the mesh"
	if state == dataPlaneUnknown {
		s.authorizationPends(why)
	} else {
		s.unauthorized(v1alpha1.ReasonNotMeshed, why)
	}
	return nil
}

// admit lets in who the controllers run as now, where somebody is admitted already. The
// routes that are in place are theirs, too, although the object is not accepted.
func (r *Reconciler) admit(ctx context.Context, s *scope) error {
	in, err := r.authorizationInput(ctx, s)
	if err != nil {
		return err
	}
	in.MeshIngress = in.MeshIngress.DeepCopy()
	in.MeshIngress.Spec.Authorization.Clients = nil // which may be what is not accepted
	return r.putAdmitting(ctx, s, in)
}

func (r *Reconciler) putAdmitting(ctx context.Context, s *scope, in authorization.Input) error {
	obj := in.Admitting()
	if obj == nil || !slices.Contains(s.mi.Status.Inventory, inventory.EntryOf(obj)) {
		return nil
	}
	_, err := r.Writer().Object(ctx, translate.OwnerOf(s.mi), obj)
	return err
}
