// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/internal/watched"
)

// Namespaces are those that the operator works in; none means all.
type Namespaces = watched.Namespaces

// ParseNamespaces reads "a,b,c"; an empty list means all namespaces.
func ParseNamespaces(list string) (Namespaces, error) { return watched.Parse(list) }

// limit makes a manager read no namespaced object outside of some namespaces. What has
// no namespace it reads as before.
func limit(o *ctrl.Options, namespaces Namespaces) {
	if len(namespaces) == 0 {
		return
	}
	o.Cache.DefaultNamespaces = map[string]cache.Config{}
	for _, name := range namespaces {
		o.Cache.DefaultNamespaces[name] = cache.Config{}
	}
	o.NewClient = func(cfg *rest.Config, options client.Options) (client.Client, error) {
		c, err := client.New(cfg, options)
		if err != nil {
			return nil, err
		}
		return &limitedClient{Client: c, namespaces: namespaces}, nil
	}
}

// limitedClient answers a read outside of its namespaces as an API server does where the
// operator has no role: what the cache says there is an error like any other, which would
// be tried again for ever and told nobody.
type limitedClient struct {
	client.Client
	namespaces Namespaces
}

// Get implements client.Reader.
func (c *limitedClient) Get(
	ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption,
) error {
	if key.Namespace != "" && !c.namespaces.Has(key.Namespace) {
		return c.refuse(obj, key.Namespace, key.Name)
	}
	return c.Client.Get(ctx, key, obj, opts...)
}

// List implements client.Reader. Of all namespaces it lists what is in its own.
func (c *limitedClient) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(opts)
	if o.Namespace != "" && !c.namespaces.Has(o.Namespace) {
		return c.refuse(list, o.Namespace, "")
	}
	return c.Client.List(ctx, list, opts...)
}

func (c *limitedClient) refuse(obj runtime.Object, namespace, name string) error {
	gvk, err := c.GroupVersionKindFor(obj)
	if err != nil {
		return err
	}
	resource := schema.GroupResource{Group: gvk.Group, Resource: gvk.Kind}
	return apierrors.NewForbidden(resource, name, errors.New(c.namespaces.Explain(namespace)))
}
