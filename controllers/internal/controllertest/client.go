// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllertest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/index"
	"github.com/meshingress/meshingress/internal/crdschema"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/env"
)

// The operator's ServiceAccount, as config/rbac has it.
const (
	Namespace      = "meshingress-system"
	ServiceAccount = "meshingress-controller-manager"
)

// NewClient returns a client that acts as the operator's ServiceAccount, which
// must exist (env.InstallRBAC). It stands in for one that reads from a cache: it reads
// from the API server, but as a cache does with lists only, and answers lists that use an
// index of controllers/internal/index.
func NewClient(ctx context.Context, e *env.Environment) (client.WithWatch, error) {
	config, err := e.ServiceAccountConfig(ctx, Namespace, ServiceAccount)
	if err != nil {
		return nil, err
	}
	return NewClientFor(config, e, nil)
}

// NewClientFor is NewClient for any configuration. It takes the kinds of the vendors, for
// the fields that some of them need.
func NewClientFor(config *rest.Config, e *env.Environment, kinds []providers.Kind) (client.WithWatch, error) {
	c, err := client.NewWithWatch(config, client.Options{Scheme: e.Scheme()})
	if err != nil {
		return nil, fmt.Errorf("making the operator's client: %w", err)
	}
	definitions := &definitions{
		changes: e.DefinitionChanges, known: map[string]definition{}, fields: providers.NeededFields(kinds),
	}
	return interceptor.NewClient(c, interceptor.Funcs{List: listByIndex, Get: definitions.get}), nil
}

// getByList reads an object as a cache does, which never gets.
func getByList(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object) error {
	gvk, err := c.GroupVersionKindFor(obj)
	if err != nil {
		return err
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(gvk)
	byName := client.MatchingFields{"metadata.name": key.Name}
	if err := c.List(ctx, list, client.InNamespace(key.Namespace), byName); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		resource, _ := meta.UnsafeGuessKindToResource(gvk)
		return apierrors.NewNotFound(resource.GroupResource(), key.Name)
	}
	if u, ok := obj.(*unstructured.Unstructured); ok {
		*u = list.Items[0]
		return nil
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(list.Items[0].Object, obj)
}

// definitions spares a suite the decoding of large CustomResourceDefinitions, of
// which a reconcile reads several, where no client has changed any.
type definitions struct {
	changes func() int64

	mu     sync.Mutex
	known  map[string]definition
	fields map[string][]string // by the name of the definition
}

// definition is one that was read after a number of changes.
type definition struct {
	*apiextensionsv1.CustomResourceDefinition
	changes int64
}

func (d *definitions) get(
	ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, _ ...client.GetOption,
) error {
	crd, ok := obj.(*apiextensionsv1.CustomResourceDefinition)
	if !ok {
		return getByList(ctx, c, key, obj)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	changes := d.changes()
	if known, found := d.known[key.Name]; found && known.changes == changes {
		known.DeepCopyInto(crd)
		return nil
	}
	if err := getByList(ctx, c, key, crd); err != nil {
		return err
	}
	crdschema.Strip(crd, d.fields[key.Name]) // as the cache of the manager has it
	if isSettled(crd) {
		d.known[key.Name] = definition{crd.DeepCopy(), changes}
	}
	return nil
}

// isSettled reports whether the API server has nothing to write to a new CRD, or to one
// that is deleted, any more.
func isSettled(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return crd.DeletionTimestamp == nil && slices.ContainsFunc(crd.Status.Conditions,
		func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
			return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
		})
}

// listByIndex lists by the fields of an index, which an API server does not know.
func listByIndex(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(opts)
	all, ok := list.(*v1alpha1.MeshIngressList)
	if !ok || o.FieldSelector == nil {
		return c.List(ctx, list, opts...)
	}
	requirements := o.FieldSelector.Requirements()
	o.FieldSelector = nil
	if err := c.List(ctx, all, &o); err != nil {
		return err
	}
	for _, r := range requirements {
		extract, known := index.Extractors()[r.Field]
		if !known {
			return fmt.Errorf("there is no index %q", r.Field)
		}
		all.Items = slices.DeleteFunc(all.Items, func(mi v1alpha1.MeshIngress) bool {
			return !slices.Contains(extract(&mi), r.Value)
		})
	}
	return nil
}
