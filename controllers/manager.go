// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/authorization"
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

	// Metrics is where the controllers' own metrics are registered, which can be
	// done once. Default: controller-runtime's registry, which the manager serves.
	Metrics prometheus.Registerer

	// Version of the operator, for its metrics.
	Version string
}

// Overrides are facts about Linkerd given by hand.
type Overrides = observe.Overrides

// NewManager returns a manager with the controllers, to be started with ctx or a child of
// it. What it serves, and whether it is one of several, the caller adds to its options.
func NewManager(ctx context.Context, cfg *rest.Config, o Options, more ...func(*ctrl.Options)) (ctrl.Manager, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	refusals := watches.NewRefusals()
	options := ctrl.Options{
		Scheme: scheme,
		// It ends with ctx also where it is refused what it needs.
		NewCache: watches.NewCache(ctx),
		Cache:    cacheOptions(o.Registry, refusals),
		// Unstructured objects are read from the cache, too.
		Client: client.Options{Cache: &client.CacheOptions{Unstructured: true}},
	}
	limit(&options, o.Namespaces)
	for _, add := range more {
		add(&options)
	}
	mgr, err := ctrl.NewManager(cfg, options)
	if err != nil {
		return nil, fmt.Errorf("making the manager: %w", err)
	}
	return mgr, setup(ctx, mgr, o, refusals)
}

// newScheme returns a Scheme with every typed kind that the controllers read.
func newScheme() (*runtime.Scheme, error) {
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

// cacheOptions keep what is never read for the providers of a registry out of the
// memory, and let the refusals know of permissions that are missing.
func cacheOptions(registry *providers.Registry, refusals *watches.Refusals) cache.Options {
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
