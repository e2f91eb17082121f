// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package base

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/providers"
)

// Target is a field set and the object that it is for, as the cache holds it.
type Target struct {
	Claim apply.Claim
	Live  client.Object
}

// Record is what is written down before the fields are set.
func (t Target) Record() v1alpha1.Claim {
	return t.Claim.Record()
}

// Targets are the objects of others that field sets are for.
type Targets struct {
	// Found are those that exist, in the order of the sets.
	Found []Target

	// Missing says which one does not exist; nil where all do.
	Missing error

	// Synced is false where a cache does not hold a kind yet; then nothing is Found.
	Synced bool
}

// FindTargets looks for the objects on which a plan sets fields for a manager.
func (r *Reconciler) FindTargets(ctx context.Context, manager string, sets []providers.FieldSet) (Targets, error) {
	result := Targets{Synced: true}
	for _, set := range sets {
		live, err := r.Cached(ctx, set.Target.GroupVersionKind)
		if err != nil || live == nil {
			return Targets{}, err
		}
		key := client.ObjectKey{Namespace: set.Target.Namespace, Name: set.Target.Name}
		err = r.Client.Get(ctx, key, live)
		if apierrors.IsNotFound(err) {
			result.Missing = fmt.Errorf("there is no %s %s: create it or correct the reference", set.Target.Kind, name(key))
			continue
		}
		if err != nil {
			return Targets{}, fmt.Errorf("reading %s %s: %w", set.Target.Kind, name(key), err)
		}
		result.Found = append(result.Found, Target{Live: live, Claim: apply.Claim{
			Entry: inventory.Entry(set.Target.GroupVersionKind, key.Namespace, key.Name), UID: live.GetUID(),
			Manager: manager, Fields: set.Fields,
		}})
	}
	return result, nil
}

// Cached is an empty object of a kind that the cache holds; nil while it does not. The
// kinds that are read as typed objects anyway are not held twice.
func (r *Reconciler) Cached(ctx context.Context, gvk schema.GroupVersionKind) (client.Object, error) {
	switch gvk {
	case providers.KindService.GroupVersionKind:
		return &corev1.Service{}, nil
	case providers.KindNamespace.GroupVersionKind:
		return &corev1.Namespace{}, nil
	case appsv1.SchemeGroupVersion.WithKind("Deployment"):
		return &appsv1.Deployment{}, nil
	case appsv1.SchemeGroupVersion.WithKind("DaemonSet"):
		return &appsv1.DaemonSet{}, nil
	case appsv1.SchemeGroupVersion.WithKind("StatefulSet"):
		return &appsv1.StatefulSet{}, nil
	}
	synced, err := r.Watches.Ensure(ctx, gvk)
	if err != nil || !synced {
		return nil, err
	}
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(gvk)
	return live, nil
}

// List lists what a provider wants to read, from the cache. It is not synced while the
// cache does not hold the kind yet, and then there is nothing. An error is a refusal to
// list.
func (r *Reconciler) List(ctx context.Context, read providers.Read) (all []*unstructured.Unstructured, synced bool, err error) {
	if read.Kind == providers.KindService {
		all, err = r.services(ctx, read.Namespace)
		return all, true, err
	}
	synced, err = r.Watches.Ensure(ctx, read.Kind.GroupVersionKind)
	if err != nil || !synced {
		return nil, false, err
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(read.Kind.GroupVersionKind)
	if err := r.Client.List(ctx, list, client.InNamespace(read.Namespace)); err != nil {
		return nil, true, fmt.Errorf("listing %s in %q: %w", read.Kind.Kind, read.Namespace, err)
	}
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	return all, true, nil
}

// services lists Services from the cache that holds them as typed objects.
func (r *Reconciler) services(ctx context.Context, namespace string) ([]*unstructured.Unstructured, error) {
	var list corev1.ServiceList
	if err := r.Client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing Services in %q: %w", namespace, err)
	}
	all := make([]*unstructured.Unstructured, 0, len(list.Items))
	for i := range list.Items {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&list.Items[i])
		if err != nil {
			return nil, fmt.Errorf("converting Service %s/%s: %w", list.Items[i].Namespace, list.Items[i].Name, err)
		}
		u := &unstructured.Unstructured{Object: content}
		u.SetGroupVersionKind(providers.KindService.GroupVersionKind)
		all = append(all, u)
	}
	return all, nil
}

// name of an object, which may be cluster-scoped.
func name(key client.ObjectKey) string {
	if key.Namespace == "" {
		return key.Name
	}
	return key.String()
}
