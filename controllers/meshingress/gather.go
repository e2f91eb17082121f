// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/index"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// findClass finds the class by name, or the default one, and its provider; and the
// class that the object comes from.
func (r *Reconciler) findClass(ctx context.Context, s *scope) error {
	class, err := r.classOf(ctx, s.mi)
	if err != nil || class == nil || !class.DeletionTimestamp.IsZero() {
		return err
	}
	s.class = class
	s.provider, _ = r.Registry.Get(class.Spec.Vendor)
	if from := s.mi.Status.ClassName; from != "" && from != class.Name {
		s.from, err = r.class(ctx, from)
	}
	return err
}

func (r *Reconciler) classOf(ctx context.Context, mi *v1alpha1.MeshIngress) (*v1alpha1.MeshIngressClass, error) {
	if mi.Spec.ClassName == "" {
		return r.defaultClass(ctx)
	}
	return r.class(ctx, mi.Spec.ClassName)
}

// class is nil where there is none of the name.
func (r *Reconciler) class(ctx context.Context, name string) (*v1alpha1.MeshIngressClass, error) {
	class := &v1alpha1.MeshIngressClass{}
	err := r.Client.Get(ctx, client.ObjectKey{Name: name}, class)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading MeshIngressClass %s: %w", name, err)
	}
	return class, nil
}

func (r *Reconciler) defaultClass(ctx context.Context) (*v1alpha1.MeshIngressClass, error) {
	var list v1alpha1.MeshIngressClassList
	if err := r.Client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("listing MeshIngressClasses: %w", err)
	}
	return translate.DefaultClass(list.Items), nil
}

// translate gathers what the pure path wants to see, and runs it.
func (r *Reconciler) translate(ctx context.Context, s *scope) error {
	snap, err := r.snapshot(ctx, s)
	if err != nil {
		return err
	}
	var readErr error
	snap.Read = func(read providers.Read) []*unstructured.Unstructured {
		objects, err := r.read(ctx, s, read)
		if err != nil {
			readErr = err
		}
		return objects
	}
	s.snap = snap
	s.result = translate.MeshIngress(r.Registry, s.mi, s.class, snap)
	if readErr != nil {
		s.result = translate.Result{} // of less than there is
		return readErr
	}
	if s.waiting {
		return nil
	}
	return r.ensureWatched(ctx, s)
}

func (r *Reconciler) snapshot(ctx context.Context, s *scope) (translate.Snapshot, error) {
	facts, err := r.Linkerd.Facts(ctx)
	if err != nil {
		return translate.Snapshot{}, err
	}
	snap := translate.Snapshot{Linkerd: facts, Watched: r.Namespaces}
	if s.provider != nil {
		if snap.Served, err = observe.Served(ctx, r.Client, s.provider.Describe().Served()); err != nil {
			return snap, err
		}
	}
	if err := r.addServices(ctx, s, &snap); err != nil {
		return snap, err
	}
	snap.Siblings, err = r.siblings(ctx, s)
	return snap, err
}

func (r *Reconciler) addServices(ctx context.Context, s *scope, snap *translate.Snapshot) error {
	snap.Services = map[types.NamespacedName]*corev1.Service{}
	snap.Namespaces = map[string]*corev1.Namespace{}
	names := []string{s.mi.Namespace}
	for _, key := range translate.Services(s.mi) {
		names = append(names, key.Namespace)
		if !r.Namespaces.Has(key.Namespace) {
			continue // it is told with what is missing
		}
		svc := &corev1.Service{}
		err := r.Client.Get(ctx, key, svc)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading Service %s: %w", key, err)
		}
		if err == nil {
			snap.Services[key] = svc
		}
	}
	for _, name := range names {
		if snap.Namespaces[name] != nil {
			continue
		}
		ns := &corev1.Namespace{}
		err := r.Client.Get(ctx, client.ObjectKey{Name: name}, ns)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading Namespace %s: %w", name, err)
		}
		if err == nil {
			snap.Namespaces[name] = ns
		}
	}
	return nil
}

// siblings are the other MeshIngresses of the class that claim a route of this
// one and may use the class. They are the cache's, and must not be changed: each
// list holds the MeshIngress itself, and to copy it for each of its routes would
// cost the square of their number.
func (r *Reconciler) siblings(ctx context.Context, s *scope) ([]*v1alpha1.MeshIngress, error) {
	fallback, err := r.defaultClass(ctx)
	if err != nil {
		return nil, err
	}
	isDefault := fallback != nil && fallback.Name == s.class.Name
	found := map[types.NamespacedName]*v1alpha1.MeshIngress{}
	for _, key := range translate.RouteKeys(s.mi) {
		var list v1alpha1.MeshIngressList
		err := r.Client.List(ctx, &list, client.MatchingFields{index.ByRoute: key}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return nil, fmt.Errorf("listing MeshIngresses with route %s: %w", key, err)
		}
		for i := range list.Items {
			other := &list.Items[i]
			if s.ofClass(other, isDefault) && other.UID != s.mi.UID && other.DeletionTimestamp.IsZero() {
				found[client.ObjectKeyFromObject(other)] = other
			}
		}
	}
	return r.allowed(ctx, s.class, found)
}

// ofClass reports whether a MeshIngress is of the class, or still has routes of it.
func (s *scope) ofClass(mi *v1alpha1.MeshIngress, isDefault bool) bool {
	return mi.Spec.ClassName == s.class.Name || (mi.Spec.ClassName == "" && isDefault) ||
		(mi.Status.ClassName == s.class.Name && inventory.HasRoutes(mi.Status.Inventory))
}

func (r *Reconciler) allowed(
	ctx context.Context, class *v1alpha1.MeshIngressClass, all map[types.NamespacedName]*v1alpha1.MeshIngress,
) ([]*v1alpha1.MeshIngress, error) {
	var allowed []*v1alpha1.MeshIngress
	for key, mi := range all {
		ns := &corev1.Namespace{}
		if err := r.Client.Get(ctx, client.ObjectKey{Name: key.Namespace}, ns); err != nil {
			return nil, fmt.Errorf("reading Namespace %s: %w", key.Namespace, err)
		}
		if translate.Allows(class, key.Namespace, ns) {
			allowed = append(allowed, mi)
		}
	}
	return allowed, nil
}

// read answers a provider's Read from the cache, once the cache holds the kind.
func (r *Reconciler) read(ctx context.Context, s *scope, read providers.Read) ([]*unstructured.Unstructured, error) {
	objects, synced, err := r.List(ctx, read)
	s.waiting = s.waiting || err == nil && !synced
	return objects, err
}

// ensureWatched watches what is about to be written, so that drift is seen.
func (r *Reconciler) ensureWatched(ctx context.Context, s *scope) error {
	for _, obj := range slices.Clone(s.result.Plan.Objects) {
		synced, err := r.Watches.Ensure(ctx, obj.GroupVersionKind())
		if err != nil {
			return err
		}
		s.waiting = s.waiting || !synced
	}
	return nil
}
