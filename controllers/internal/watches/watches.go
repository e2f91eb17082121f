// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/meshingress/meshingress/internal/translate"
)

const (
	// firstSync is how long a watch that was just started may hold up a reconciler.
	firstSync = 2 * time.Second

	// syncPoll is how often it is looked whether a watch has begun.
	syncPoll = 50 * time.Millisecond
)

// Kinds is what reconcilers need of a Manager.
type Kinds interface {
	// Ensure watches kinds, and reports whether the cache holds all of them yet.
	Ensure(ctx context.Context, kinds ...schema.GroupVersionKind) (synced bool, err error)

	// Required reports whether the caches hold yet what every reconcile reads.
	Required(ctx context.Context) (synced bool, err error)
}

// Manager watches kinds for the controllers that subscribed. It is safe for
// concurrent use.
type Manager struct {
	cache    cache.Cache
	mapper   meta.RESTMapper
	refusals *Refusals
	required []required

	mu          sync.Mutex
	subscribers []subscriber
	watched     map[schema.GroupVersionKind]bool
}

type subscriber struct {
	controller controller.Controller
	handler    handler.EventHandler
}

// relevant passes over changes of strangers' objects that nobody here reads: their
// status, above all. Every change of an object of ours may be drift. A kind without
// generations, like ConfigMap, does not tell one change from another.
func relevant() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		if _, ours := translate.ParseOwner(e.ObjectNew); ours {
			return true
		}
		if _, were := translate.ParseOwner(e.ObjectOld); were {
			return true
		}
		return e.ObjectNew.GetGeneration() == 0 || e.ObjectNew.GetGeneration() != e.ObjectOld.GetGeneration() ||
			!maps.Equal(e.ObjectNew.GetAnnotations(), e.ObjectOld.GetAnnotations()) ||
			!maps.Equal(e.ObjectNew.GetLabels(), e.ObjectOld.GetLabels()) ||
			!equality.Semantic.DeepEqual(jobConditions(e.ObjectNew), jobConditions(e.ObjectOld))
	}}
}

// jobConditions say whether a Job is finished, which is what Jobs are watched for.
func jobConditions(obj client.Object) any {
	job, ok := obj.(*unstructured.Unstructured)
	if !ok || job.GroupVersionKind().GroupKind() != (schema.GroupKind{Group: "batch", Kind: "Job"}) {
		return nil
	}
	conditions, _, _ := unstructured.NestedFieldNoCopy(job.Object, "status", "conditions")
	return conditions
}

// New returns a Manager that watches through a cache. The mapper knows the resources of
// kinds, and the refusals those of the cache.
func New(c cache.Cache, mapper meta.RESTMapper, refusals *Refusals) *Manager {
	return &Manager{cache: c, mapper: mapper, refusals: refusals, watched: map[schema.GroupVersionKind]bool{}}
}

// Refusals are those of the caches.
func (m *Manager) Refusals() *Refusals { return m.refusals }

// Subscribe makes a controller hear of every kind that is watched from now on. It
// is called before the manager starts.
func (m *Manager) Subscribe(c controller.Controller, h handler.EventHandler) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subscribers = append(m.subscribers, subscriber{c, h})
}

// Ensure implements Kinds. A kind that may not be listed or watched is an error that
// apierrors.IsForbidden knows. It waits a moment for a watch that it has to start, or
// else every status would say so after each restart; and no longer, because a watch
// that does not begin must not hold up a reconciler.
func (m *Manager) Ensure(ctx context.Context, kinds ...schema.GroupVersionKind) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	synced := true
	for _, gvk := range kinds {
		informer, err := m.cache.GetInformer(ctx, object(gvk), cache.BlockUntilSynced(false))
		if err != nil {
			return false, fmt.Errorf("watching %s: %w", gvk, err)
		}
		if !m.watched[gvk] {
			if err := m.start(ctx, gvk, informer); err != nil {
				return false, err
			}
		}
		if err := m.refused(gvk, ""); err != nil {
			return false, err
		}
		synced = synced && informer.HasSynced()
	}
	return synced, nil
}

// refused is the API server's refusal to let a kind be listed or watched, or the one
// object of a name.
func (m *Manager) refused(gvk schema.GroupVersionKind, name string) error {
	if m.refusals.None() {
		return nil
	}
	mapping, err := m.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil // a kind that is not served is refused to nobody
	}
	if err := m.refusals.Of(mapping.Resource.GroupResource(), name); err != nil {
		return fmt.Errorf("watching %s: %w", gvk.Kind, err)
	}
	return nil
}

func (m *Manager) start(ctx context.Context, gvk schema.GroupVersionKind, informer cache.Informer) error {
	for _, s := range m.subscribers {
		if err := s.controller.Watch(sourceOf(informer, s.handler)); err != nil {
			return fmt.Errorf("watching %s: %w", gvk, err)
		}
	}
	m.watched[gvk] = true
	await(ctx, func() bool { return informer.HasSynced() || m.refused(gvk, "") != nil })
	return nil
}

// await waits for firstSync at most.
func await(ctx context.Context, done func() bool) {
	// What is not so by then is told by whoever asks next.
	_ = wait.PollUntilContextTimeout(ctx, syncPoll, firstSync, true, func(context.Context) (bool, error) { return done(), nil })
}

// sourceOf tells a handler of what an informer sees. It is not source.Kind, which asks
// for the informer on its own time, and so would start it anew after Stop. A
// controller that starts later than Stop has nothing to hear, and must start anyway.
func sourceOf(informer cache.Informer, h handler.EventHandler) source.Source {
	src := &source.Informer{Informer: informer, Handler: h, Predicates: []predicate.Predicate{relevant()}}
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		if err := src.Start(ctx, queue); err != nil && !informer.IsStopped() {
			return fmt.Errorf("starting the source: %w", err)
		}
		return nil
	})
}

// Stop ends the watch on a kind, as when its CRD has left. Ensure starts it anew.
func (m *Manager) Stop(ctx context.Context, gvk schema.GroupVersionKind) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.watched[gvk] {
		return nil
	}
	delete(m.watched, gvk)
	if err := m.cache.RemoveInformer(ctx, object(gvk)); err != nil {
		return fmt.Errorf("ending the watch on %s: %w", gvk, err)
	}
	m.refusals.drop(gvk)
	return nil
}

// Watched reports whether a kind is watched.
func (m *Manager) Watched(gvk schema.GroupVersionKind) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.watched[gvk]
}

func object(gvk schema.GroupVersionKind) client.Object {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	return u
}
