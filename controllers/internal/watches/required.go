// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
)

// required is a kind that every reconcile reads from a cache.
type required struct {
	cache cache.Cache
	obj   client.Object
	gvk   schema.GroupVersionKind

	// name of the one object that the cache holds; empty where it holds all.
	name string
}

// Source tells a handler of a kind, as source.Kind does. That would keep the controller
// from starting until each cache is filled, and in the end stop the manager; with this
// one the controller starts, and can say what it waits for.
func Source(c cache.Cache, obj client.Object, h handler.EventHandler, p ...predicate.Predicate) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		informer, err := c.GetInformer(ctx, obj, cache.BlockUntilSynced(false))
		if err != nil {
			return fmt.Errorf("watching %T: %w", obj, err)
		}
		return (&source.Informer{Informer: informer, Handler: h, Predicates: p}).Start(ctx, queue)
	})
}

// Require makes kinds that a cache holds part of what every reconcile reads. It is called
// before the manager starts; the scheme of the client knows their types. An object with
// a name stands for itself, where the cache holds no other of its kind.
func (m *Manager) Require(types client.Client, c cache.Cache, objects ...client.Object) error {
	for _, obj := range objects {
		gvk, err := types.GroupVersionKindFor(obj)
		if err != nil {
			return fmt.Errorf("finding the kind of %T: %w", obj, err)
		}
		m.required = append(m.required, required{c, obj, gvk, obj.GetName()})
	}
	return nil
}

// Required implements Kinds. A kind that may not be listed or watched is an error that
// apierrors.IsForbidden knows. As long as the caches are not filled it waits a moment.
func (m *Manager) Required(ctx context.Context) (bool, error) {
	var informers []cache.Informer
	for _, r := range m.required {
		informer, err := r.cache.GetInformer(ctx, r.obj, cache.BlockUntilSynced(false))
		if err != nil {
			return false, fmt.Errorf("watching %s: %w", r.gvk.Kind, err)
		}
		informers = append(informers, informer)
	}
	synced := func() bool {
		for _, informer := range informers {
			if !informer.HasSynced() {
				return false
			}
		}
		return true
	}
	await(ctx, func() bool { return synced() || m.requiredRefused() != nil })
	if err := m.requiredRefused(); err != nil {
		return false, err
	}
	return synced(), nil
}

func (m *Manager) requiredRefused() error {
	for _, r := range m.required {
		if err := m.refused(r.gvk, r.name); err != nil {
			return err
		}
	}
	return nil
}

// Ready is a readiness check: it fails while something that every reconcile reads may not
// be listed or watched. The error names the role that grants it.
func (m *Manager) Ready(*http.Request) error {
	return permissions.Explain(m.requiredRefused(), providers.Description{})
}

// ErrNotSynced means that a cache does not hold a kind yet, and that nobody has refused
// it: it is worth asking again soon.
var ErrNotSynced = errors.New("the cache does not hold it yet")

// Prompt reads from a cache, and fails where another reader would wait because the
// cache does not hold the kind yet: with the refusal, where there is one, else with
// ErrNotSynced.
type Prompt struct {
	cache.Cache

	// Kinds know of refusals.
	Kinds *Manager

	// Types know the kind of an object.
	Types client.Client
}

// Get implements client.Reader.
func (p Prompt) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	informer, err := p.GetInformer(ctx, obj, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watching %T: %w", obj, err)
	}
	if informer.HasSynced() {
		return p.Cache.Get(ctx, key, obj, opts...)
	}
	gvk, err := p.Types.GroupVersionKindFor(obj)
	if err != nil {
		return fmt.Errorf("finding the kind of %T: %w", obj, err)
	}
	if err := p.Kinds.refused(gvk, key.Name); err != nil {
		return err
	}
	return ErrNotSynced
}
