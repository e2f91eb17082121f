// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches

import (
	"context"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

// NewCache makes the cache of a manager that runs until ctx ends. A manager with another
// cache does not end while it waits for one that is refused what it needs: it waits on,
// without rest (sigs.k8s.io/controller-runtime v0.25.2 pkg/manager/runnable_group.go).
func NewCache(ctx context.Context) cache.NewCacheFunc {
	return func(cfg *rest.Config, opts cache.Options) (cache.Cache, error) {
		c, err := cache.New(cfg, opts)
		if err != nil {
			return nil, err
		}
		return ending{c, ctx}, nil
	}
}

// ending is a cache that nobody waits for any more once its manager is to end.
type ending struct {
	cache.Cache
	running context.Context
}

// WaitForCacheSync implements cache.Cache.
func (e ending) WaitForCacheSync(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.running, cancel)()
	return e.Cache.WaitForCacheSync(ctx) || e.running.Err() != nil
}
