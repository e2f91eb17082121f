// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package crdgate

import (
	"context"
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/providers"
)

// Reconciler ends watches.
type Reconciler struct {
	// Client reads CustomResourceDefinitions from the cache.
	Client client.Client

	// Registry says which kinds are the vendors'.
	Registry *providers.Registry

	// Watches that are to end.
	Watches *watches.Manager
}

// Reconcile implements reconcile.Reconciler for CustomResourceDefinitions.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	err := r.Client.Get(ctx, req.NamespacedName, crd)
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("reading CustomResourceDefinition %s: %w", req.Name, err)
	}
	for _, k := range r.kinds(req.Name) {
		if !apierrors.IsNotFound(err) && observe.Serves(crd, k) {
			continue
		}
		if r.Watches.Watched(k.GroupVersionKind) {
			log.FromContext(ctx).Info("Ending the watch", "kind", k.GroupVersionKind)
		}
		if err := r.Watches.Stop(ctx, k.GroupVersionKind); err != nil {
			return ctrl.Result{}, err
		}
	}
	return ctrl.Result{}, nil
}

// kinds are the vendors' and Linkerd's kinds that a CRD defines.
func (r *Reconciler) kinds(crdName string) []providers.Kind {
	var kinds []providers.Kind
	for _, k := range slices.Concat(r.Registry.Kinds(), authorization.Kinds()) {
		if !k.BuiltIn && k.CRDName() == crdName {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Setup adds the controller to a manager.
func (r *Reconciler) Setup(mgr ctrl.Manager) error {
	ofVendors := predicate.NewPredicateFuncs(func(crd client.Object) bool { return len(r.kinds(crd.GetName())) > 0 })
	crds := watches.Source(mgr.GetCache(), &apiextensionsv1.CustomResourceDefinition{}, &handler.EnqueueRequestForObject{}, ofVendors)
	err := ctrl.NewControllerManagedBy(mgr).Named("crdgate").
		WatchesRawSource(crds).
		Complete(r)
	if err != nil {
		return fmt.Errorf("setting up the CRD gate: %w", err)
	}
	return nil
}
