// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/crdgate"
	"github.com/meshingress/meshingress/controllers/dataplane"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/index"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/controllers/meshingress"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/metrics"
)

// setup adds the controllers to a manager whose cache tells refusals what it is refused.
func setup(ctx context.Context, mgr ctrl.Manager, o Options, refusals *watches.Refusals) error {
	if err := index.Register(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	refusals.LookForNamespaces(mgr.GetAPIReader())
	linkerdCache, err := newLinkerdCache(mgr, o, refusals)
	if err != nil {
		return err
	}
	if err := mgr.Add(linkerdCache); err != nil {
		return fmt.Errorf("adding the cache of Linkerd's objects: %w", err)
	}
	counters, err := newMetrics(ctx, mgr, o)
	if err != nil {
		return err
	}
	kinds, err := newWatches(mgr, o, refusals, linkerdCache)
	if err != nil {
		return err
	}
	facts := observe.Linkerd{
		Reader:    watches.Prompt{Cache: linkerdCache, Kinds: kinds, Types: mgr.GetClient()},
		Namespace: o.LinkerdNamespace, Overrides: o.Overrides,
	}
	common := base.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Registry: o.Registry, Linkerd: facts, Watches: kinds,
		Namespaces: o.Namespaces,
		Events:     mgr.GetEventRecorder("meshingress"), Metrics: counters,
		Denials: apply.NewDenials(base.RetryDenied, clock.RealClock{}),
	}
	routes := &meshingress.Reconciler{Reconciler: common}
	classes := &dataplane.Reconciler{Reconciler: common, Clock: clock.RealClock{}}
	if err := routes.Setup(mgr, kinds, linkerdCache); err != nil {
		return err
	}
	if err := classes.Setup(mgr, kinds, linkerdCache); err != nil {
		return err
	}
	return (&crdgate.Reconciler{Client: mgr.GetClient(), Registry: o.Registry, Watches: kinds}).Setup(mgr)
}

// newMetrics registers the metrics. What they read is in the cache before the replica
// leads; the watch of MeshIngresses is begun for their indexes.
func newMetrics(ctx context.Context, mgr ctrl.Manager, o Options) (*metrics.Metrics, error) {
	_, err := mgr.GetCache().GetInformer(ctx, &v1alpha1.MeshIngressClass{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watching MeshIngressClasses: %w", err)
	}
	return metrics.New(o.registerer(), metrics.Options{
		Reader: mgr.GetClient(), Elected: mgr.Elected(), Version: o.Version,
	})
}

func (o Options) registerer() prometheus.Registerer {
	if o.Metrics == nil {
		return ctrlmetrics.Registry
	}
	return o.Metrics
}

// newWatches makes the watches, and says what every reconcile reads.
func newWatches(
	mgr ctrl.Manager, o Options, refusals *watches.Refusals, linkerdCache cache.Cache,
) (*watches.Manager, error) {
	kinds := watches.New(mgr.GetCache(), mgr.GetRESTMapper(), refusals)
	err := kinds.Require(mgr.GetClient(), mgr.GetCache(),
		&v1alpha1.MeshIngressClass{}, &v1alpha1.MeshIngress{}, &corev1.Namespace{}, &corev1.Service{}, &corev1.Pod{},
		&appsv1.Deployment{}, &appsv1.DaemonSet{}, &appsv1.StatefulSet{}, &networkingv1.IngressClass{},
		&admissionv1.ValidatingWebhookConfiguration{}, &admissionv1.MutatingWebhookConfiguration{},
		&apiextensionsv1.CustomResourceDefinition{})
	if err != nil {
		return nil, err
	}
	linkerds := []client.Object{
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: linkerd.InjectorWebhookName}},
	}
	if o.Overrides.Version == "" {
		linkerds = append(linkerds, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: linkerd.ConfigMapName}})
	}
	if err := kinds.Require(mgr.GetClient(), linkerdCache, linkerds...); err != nil {
		return nil, err
	}
	if err := mgr.AddReadyzCheck("permissions", kinds.Ready); err != nil {
		return nil, fmt.Errorf("adding the check of permissions: %w", err)
	}
	return kinds, nil
}

// newLinkerdCache watches two objects by name: the operator may not read other
// ConfigMaps, and the manager's cache has less of the webhooks.
func newLinkerdCache(mgr ctrl.Manager, o Options, refusals *watches.Refusals) (cache.Cache, error) {
	c, err := cache.New(mgr.GetConfig(), cache.Options{
		Scheme: mgr.GetScheme(), DefaultWatchErrorHandler: refusals.Handle, NewInformer: refusals.NewInformer,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.ConfigMap{}: {
				Namespaces: map[string]cache.Config{o.LinkerdNamespace: {}},
				Field:      fields.OneTermEqualSelector("metadata.name", linkerd.ConfigMapName),
			},
			&admissionv1.MutatingWebhookConfiguration{}: {
				Field: fields.OneTermEqualSelector("metadata.name", linkerd.InjectorWebhookName),
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("making the cache of Linkerd's objects: %w", err)
	}
	return c, nil
}
