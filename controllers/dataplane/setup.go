// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane

import (
	"context"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/translate"
)

// Setup adds the controller to a manager. The Linkerd cache holds its ConfigMap and
// the injector's webhook; the watches tell of the vendors' objects.
func (r *Reconciler) Setup(mgr ctrl.Manager, kinds *watches.Manager, linkerdCache cache.Cache) error {
	changed := predicate.GenerationChangedPredicate{}
	markedAnew := predicate.Or(predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	on := func(obj client.Object, find handler.MapFunc, p ...predicate.Predicate) source.Source {
		return watches.Source(mgr.GetCache(), obj, handler.EnqueueRequestsFromMapFunc(find), p...)
	}
	all := handler.EnqueueRequestsFromMapFunc(r.all)
	c, err := ctrl.NewControllerManagedBy(mgr).Named("meshingressclass").
		WatchesRawSource(watches.Source(mgr.GetCache(), &v1alpha1.MeshIngressClass{}, base.OwnEvents())).
		// Classes share workloads: a change of one may concern all.
		WatchesRawSource(on(&v1alpha1.MeshIngressClass{}, r.all, changed)).
		WatchesRawSource(on(&appsv1.Deployment{}, r.ofWorkload)).
		WatchesRawSource(on(&appsv1.DaemonSet{}, r.ofWorkload)).
		WatchesRawSource(on(&appsv1.StatefulSet{}, r.ofWorkload)).
		WatchesRawSource(on(&corev1.Service{}, r.all)).
		WatchesRawSource(on(&corev1.Namespace{}, r.all, markedAnew)).
		WatchesRawSource(on(&networkingv1.IngressClass{}, r.all, changed)).
		WatchesRawSource(on(&admissionv1.ValidatingWebhookConfiguration{}, r.all, otherServices())).
		WatchesRawSource(on(&admissionv1.MutatingWebhookConfiguration{}, r.all, otherServices())).
		WatchesRawSource(on(&v1alpha1.MeshIngress{}, r.all, routesChange())).
		WatchesRawSource(on(&corev1.Pod{}, r.ofPod)).
		WatchesRawSource(on(&apiextensionsv1.CustomResourceDefinition{}, r.ofCRD)).
		WatchesRawSource(watches.Source(linkerdCache, &corev1.ConfigMap{}, all)).
		WatchesRawSource(watches.Source(linkerdCache, &admissionv1.MutatingWebhookConfiguration{}, all)).
		WatchesRawSource(kinds.Refusals().Changes(all)).
		// One at a time: classes share workloads, and a claim is merged of all.
		WithOptions(controller.Options{MaxConcurrentReconciles: 1, ReconciliationTimeout: base.Timeout}).
		Build(r)
	if err != nil {
		return fmt.Errorf("setting up the MeshIngressClass controller: %w", err)
	}
	kinds.Subscribe(c, handler.EnqueueRequestsFromMapFunc(r.ofObject))
	return nil
}

func (r *Reconciler) all(ctx context.Context, _ client.Object) []reconcile.Request {
	var list v1alpha1.MeshIngressClassList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Listing MeshIngressClasses for an event")
		return nil
	}
	requests := make([]reconcile.Request, len(list.Items))
	for i := range list.Items {
		requests[i].Name = list.Items[i].Name
	}
	return requests
}

// routesChange passes the events of MeshIngresses that a workload may wait for before it
// enters ingress mode, or that come while it is in it.
func routesChange() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, after := e.ObjectOld.(*v1alpha1.MeshIngress), e.ObjectNew.(*v1alpha1.MeshIngress)
			return before.Status.Strategy != after.Status.Strategy ||
				before.Status.ClassName != after.Status.ClassName ||
				!equality.Semantic.DeepEqual(before.Status.MovingTo, after.Status.MovingTo)
		},
		DeleteFunc:  func(event.DeleteEvent) bool { return true },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// otherServices passes the events of webhooks by which the API server calls other
// Services. Certificates change often, and selectors and rules do not matter.
func otherServices() predicate.Predicate {
	any := func(obj client.Object) bool { return len(webhooksOf(obj)) > 0 }
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return any(e.Object) },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return !slices.Equal(webhooksOf(e.ObjectOld), webhooksOf(e.ObjectNew))
		},
		DeleteFunc:  func(e event.DeleteEvent) bool { return any(e.Object) },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

func webhooksOf(obj client.Object) []injection.Webhook {
	switch cfg := obj.(type) {
	case *admissionv1.ValidatingWebhookConfiguration:
		return injection.ValidatingWebhooks(cfg)
	case *admissionv1.MutatingWebhookConfiguration:
		return injection.MutatingWebhooks(cfg)
	default:
		return nil
	}
}

// ofPod finds the classes with a workload, as last observed, in the pod's namespace.
func (r *Reconciler) ofPod(ctx context.Context, pod client.Object) []reconcile.Request {
	var list v1alpha1.MeshIngressClassList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Listing MeshIngressClasses for an event")
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		for _, w := range list.Items[i].Status.Workloads {
			if w.Namespace == pod.GetNamespace() {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKey{Name: list.Items[i].Name}})
				break
			}
		}
	}
	return requests
}

// ofWorkload finds every class where a vendor's labels select the workload or a
// class names it: such a one carries our fields, or is about to.
func (r *Reconciler) ofWorkload(ctx context.Context, obj client.Object) []reconcile.Request {
	if r.isLabelled(obj) || r.isNamed(ctx, obj) {
		return r.all(ctx, obj)
	}
	return nil
}

func (r *Reconciler) isLabelled(workload client.Object) bool {
	podLabels, owner := templateLabels(workload), injection.OwnerOf(workload)
	for _, p := range r.Registry.All() {
		for _, s := range p.Describe().DataPlane.Workloads {
			if s.Fits(podLabels, owner) && (s.GatewayName == "" || podLabels.Has(s.GatewayName)) {
				return true
			}
		}
	}
	return false
}

func (r *Reconciler) isNamed(ctx context.Context, workload client.Object) bool {
	var list v1alpha1.MeshIngressClassList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return true
	}
	for i := range list.Items {
		for _, w := range list.Items[i].Spec.DataPlane.Workloads {
			if w.Namespace == workload.GetNamespace() && w.Name == workload.GetName() {
				return true
			}
		}
	}
	return false
}

func templateLabels(obj client.Object) labels.Set {
	switch w := obj.(type) {
	case *appsv1.Deployment:
		return w.Spec.Template.Labels
	case *appsv1.DaemonSet:
		return w.Spec.Template.Labels
	case *appsv1.StatefulSet:
		return w.Spec.Template.Labels
	default:
		return nil
	}
}

func (r *Reconciler) ofCRD(ctx context.Context, crd client.Object) []reconcile.Request {
	for _, k := range r.Registry.Kinds() {
		if !k.BuiltIn && k.CRDName() == crd.GetName() {
			return r.all(ctx, crd)
		}
	}
	return nil
}

// ofObject finds the class of a generated object. One that is not ours may be a
// route that is open, or an object that a class sets fields on.
func (r *Reconciler) ofObject(ctx context.Context, obj client.Object) []reconcile.Request {
	owner, ours := translate.ParseOwner(obj)
	switch {
	case !ours && tellsOfHazards(obj):
		return r.ofPod(ctx, obj)
	case obj.GetObjectKind().GroupVersionKind().Group == authorization.Group:
		return nil
	case !ours:
		return r.all(ctx, obj)
	case owner.Kind == "MeshIngressClass":
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: owner.Name}}}
	default:
		return nil
	}
}
