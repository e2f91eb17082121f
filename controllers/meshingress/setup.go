// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/index"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// Setup adds the controller to a manager. The Linkerd cache holds its ConfigMap;
// the watches tell of generated objects, and of the routes beside them.
func (r *Reconciler) Setup(mgr ctrl.Manager, kinds *watches.Manager, linkerdCache cache.Cache) error {
	all := handler.EnqueueRequestsFromMapFunc(r.all)
	changed := predicate.GenerationChangedPredicate{}
	markedAnew := predicate.Or(predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	on := func(obj client.Object, find handler.MapFunc, p ...predicate.Predicate) source.Source {
		return watches.Source(mgr.GetCache(), obj, handler.EnqueueRequestsFromMapFunc(find), p...)
	}
	c, err := ctrl.NewControllerManagedBy(mgr).Named("meshingress").
		WatchesRawSource(watches.Source(mgr.GetCache(), &v1alpha1.MeshIngress{}, base.OwnEvents())).
		WatchesRawSource(on(&v1alpha1.MeshIngress{}, r.withSameRoute, changed)).
		WatchesRawSource(on(&v1alpha1.MeshIngressClass{}, r.ofClass)).
		WatchesRawSource(on(&corev1.Service{}, r.ofService)).
		WatchesRawSource(on(&corev1.Namespace{}, r.ofNamespace, markedAnew)).
		WatchesRawSource(on(&corev1.Pod{}, r.ofPod, markedAnew)).
		WatchesRawSource(on(&apiextensionsv1.CustomResourceDefinition{}, r.ofCRD)).
		WatchesRawSource(watches.Source(linkerdCache, &corev1.ConfigMap{}, all)).
		WatchesRawSource(kinds.Refusals().Changes(all)).
		WithOptions(controller.Options{ReconciliationTimeout: base.Timeout}).
		Build(r)
	if err != nil {
		return fmt.Errorf("setting up the MeshIngress controller: %w", err)
	}
	kinds.Subscribe(c, handler.EnqueueRequestsFromMapFunc(r.ofObject))
	return nil
}

func (r *Reconciler) all(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.list(ctx)
}

func (r *Reconciler) ofClass(ctx context.Context, class client.Object) []reconcile.Request {
	requests := r.list(ctx, client.MatchingFields{index.ByClass: class.GetName()})
	// Any class may just have become the default, or have ceased to be it.
	return append(requests, r.list(ctx, client.MatchingFields{index.ByClass: ""})...)
}

func (r *Reconciler) ofService(ctx context.Context, svc client.Object) []reconcile.Request {
	return r.list(ctx, client.MatchingFields{index.ByService: client.ObjectKeyFromObject(svc).String()})
}

// ofNamespace asks for the MeshIngresses of a Namespace, and for those with a route
// of theirs: whether they may use their class decides who has it. It also asks for
// those that name a Service there: the Namespace may say which ports are opaque.
func (r *Reconciler) ofNamespace(ctx context.Context, ns client.Object) []reconcile.Request {
	var requests []reconcile.Request
	all := r.find(ctx)
	for i := range all {
		switch {
		case all[i].Namespace == ns.GetName():
			requests = append(requests, r.withSameRoute(ctx, &all[i])...)
		case slices.ContainsFunc(translate.Services(&all[i]), isIn(ns)):
			requests = append(requests, requestFor(&all[i]))
		}
	}
	return unique(requests)
}

func isIn(ns client.Object) func(types.NamespacedName) bool {
	return func(key types.NamespacedName) bool { return key.Namespace == ns.GetName() }
}

func (r *Reconciler) withSameRoute(ctx context.Context, mi client.Object) []reconcile.Request {
	var requests []reconcile.Request
	for _, key := range translate.RouteKeys(mi.(*v1alpha1.MeshIngress)) {
		requests = append(requests, r.list(ctx, client.MatchingFields{index.ByRoute: key})...)
	}
	return append(requests, r.withAuthorization(ctx, mi.GetNamespace())...)
}

// withAuthorization asks for those of a namespace that are to be told who may call their
// backends: it depends on the policies, and on the other MeshIngresses, that are there.
func (r *Reconciler) withAuthorization(ctx context.Context, namespace string) []reconcile.Request {
	var requests []reconcile.Request
	all := r.find(ctx, client.InNamespace(namespace))
	for i := range all {
		if all[i].Spec.Authorization != nil {
			requests = append(requests, requestFor(&all[i]))
		}
	}
	return requests
}

// ofPod asks for those that guard pods of a namespace: whether they have a proxy, and
// what their annotations say, is part of that.
func (r *Reconciler) ofPod(ctx context.Context, pod client.Object) []reconcile.Request {
	return r.withAuthorization(ctx, pod.GetNamespace())
}

// ofCRD asks for all MeshIngresses where the CRD is of a vendor or of Linkerd: it comes
// and goes seldom.
func (r *Reconciler) ofCRD(ctx context.Context, crd client.Object) []reconcile.Request {
	for _, k := range slices.Concat(r.Registry.Kinds(), authorization.Kinds()) {
		if !k.BuiltIn && k.CRDName() == crd.GetName() {
			return r.list(ctx)
		}
	}
	return nil
}

// ofObject finds the owner of a generated object. One that is not ours may stand
// beside the routes of its namespace, or in their way. Either may be what a
// MeshIngress of any namespace is not accepted for. Jobs concern classes only.
func (r *Reconciler) ofObject(ctx context.Context, obj client.Object) []reconcile.Request {
	if obj.GetObjectKind().GroupVersionKind().Group == batchv1.GroupName {
		return nil
	}
	if isPolicy(obj) {
		return r.withAuthorization(ctx, obj.GetNamespace())
	}
	owner, ours := translate.ParseOwner(obj)
	if ours && owner.Kind != "MeshIngress" {
		return nil
	}
	requests := r.unaccepted(ctx)
	if ours {
		key := client.ObjectKey{Namespace: owner.Namespace, Name: owner.Name}
		return unique(append(requests, reconcile.Request{NamespacedName: key}))
	}
	if r.readAcross(obj) {
		return r.list(ctx)
	}
	return unique(append(requests, r.list(ctx, client.InNamespace(obj.GetNamespace()))...))
}

// readAcross reports whether an object is of a kind that providers read of other
// namespaces than the MeshIngress's: the settings of a controller, a Gateway.
func (r *Reconciler) readAcross(obj client.Object) bool {
	gvk := obj.GetObjectKind().GroupVersionKind()
	for _, p := range r.Registry.All() {
		if slices.ContainsFunc(p.Describe().ReadOnly, func(k providers.Kind) bool { return k.GroupVersionKind == gvk }) {
			return true
		}
	}
	return false
}

// unaccepted are the MeshIngresses that are not accepted as they are now.
func (r *Reconciler) unaccepted(ctx context.Context) []reconcile.Request {
	var requests []reconcile.Request
	all := r.find(ctx)
	for i := range all {
		accepted := meta.FindStatusCondition(all[i].Status.Conditions, v1alpha1.ConditionAccepted)
		if accepted == nil || accepted.Status != metav1.ConditionTrue || accepted.ObservedGeneration != all[i].Generation {
			requests = append(requests, requestFor(&all[i]))
		}
	}
	return requests
}

// unique leaves one of equal requests.
func unique(requests []reconcile.Request) []reconcile.Request {
	slices.SortFunc(requests, func(a, b reconcile.Request) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(requests)
}

func (r *Reconciler) list(ctx context.Context, opts ...client.ListOption) []reconcile.Request {
	found := r.find(ctx, opts...)
	requests := make([]reconcile.Request, len(found))
	for i := range found {
		requests[i] = requestFor(&found[i])
	}
	return requests
}

// find returns what the cache holds, which must not be changed.
func (r *Reconciler) find(ctx context.Context, opts ...client.ListOption) []v1alpha1.MeshIngress {
	var list v1alpha1.MeshIngressList
	if err := r.Client.List(ctx, &list, append(opts, client.UnsafeDisableDeepCopy)...); err != nil {
		log.FromContext(ctx).Error(err, "Listing MeshIngresses for an event")
		return nil
	}
	return list.Items
}

func requestFor(mi *v1alpha1.MeshIngress) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(mi)}
}
