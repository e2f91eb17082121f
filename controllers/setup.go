// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
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
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/metrics"
	"github.com/meshingress/meshingress/providers"
)

// Options of the controllers.
type Options struct {
	// Registry holds the providers.
	Registry *providers.Registry

	// LinkerdNamespace is where the control plane is.
	LinkerdNamespace string

	// Namespaces are those that the manager is limited to; none for all.
	Namespaces Namespaces

	// Overrides win over what the installation of Linkerd says.
	Overrides Overrides

	// Refusals are those of the manager's cache, as CacheOptions has them.
	Refusals *Refusals

	// Metrics is where the controllers' own metrics are registered, which can be
	// done once. Default: controller-runtime's registry, which the manager serves.
	Metrics prometheus.Registerer

	// Version of the operator, for its metrics.
	Version string
}

// Overrides are facts about Linkerd given by hand.
type Overrides = observe.Overrides

// Refusals are the permissions to list or to watch that the API server says are missing.
type Refusals = watches.Refusals

// NewRefusals returns Refusals for one manager.
func NewRefusals() *Refusals { return watches.NewRefusals() }

// NewScheme returns a Scheme with every typed kind that the controllers read.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("building the scheme: %w", err)
		}
	}
	return scheme, nil
}

// CacheOptions keep what is never read for the providers of a registry out of the
// memory, and let the refusals know of permissions that are missing.
func CacheOptions(registry *providers.Registry, refusals *Refusals) cache.Options {
	return cache.Options{
		DefaultWatchErrorHandler: refusals.Handle,
		NewInformer:              refusals.NewInformer,
		// A read must never begin a watch: on a kind whose CRD has just left it would
		// wait for ever.
		ReaderFailOnMissingInformer: true,
		ByObject: map[client.Object]cache.ByObject{
			&apiextensionsv1.CustomResourceDefinition{}: {Transform: stripSchemas(append(registry.Served(), authorization.Needs()...))},
			&corev1.Pod{}: {Transform: stripPod},
			&admissionv1.ValidatingWebhookConfiguration{}: {Transform: stripWebhooks},
			&admissionv1.MutatingWebhookConfiguration{}:   {Transform: stripWebhooks},
			&batchv1.Job{}:     {Transform: cache.TransformStripManagedFields()},
			&batchv1.CronJob{}: {Transform: cache.TransformStripManagedFields()},
		},
	}
}

// NewCache makes the cache of a manager that runs until ctx ends, so that it ends also
// where its cache is refused what it needs.
func NewCache(ctx context.Context) cache.NewCacheFunc { return watches.NewCache(ctx) }

// ClientOptions make the client read unstructured objects from the cache, too.
func ClientOptions() client.Options {
	return client.Options{Cache: &client.CacheOptions{Unstructured: true}}
}

// Setup adds the controllers to a manager.
func Setup(ctx context.Context, mgr ctrl.Manager, o Options) error {
	if err := index.Register(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	o.Refusals.LookForNamespaces(mgr.GetAPIReader())
	linkerdCache, err := newLinkerdCache(mgr, o)
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
	kinds, err := newWatches(mgr, o, linkerdCache)
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
func newWatches(mgr ctrl.Manager, o Options, linkerdCache cache.Cache) (*watches.Manager, error) {
	kinds := watches.New(mgr.GetCache(), mgr.GetRESTMapper(), o.Refusals)
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
func newLinkerdCache(mgr ctrl.Manager, o Options) (cache.Cache, error) {
	c, err := cache.New(mgr.GetConfig(), cache.Options{
		Scheme: mgr.GetScheme(), DefaultWatchErrorHandler: o.Refusals.Handle, NewInformer: o.Refusals.NewInformer,
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
