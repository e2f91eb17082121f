// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/translate"
)

// Names of the indexes over MeshIngress.
const (
	// ByClass holds spec.className; empty for the default class.
	ByClass = "meshingress.class"
	// ByService holds "<namespace>/<name>" of each Service named.
	ByService = "meshingress.service"
	// ByRoute holds each route claimed, as translate.RouteKeys has it.
	ByRoute = "meshingress.route"
)

// Extractors are the functions behind the indexes.
func Extractors() map[string]client.IndexerFunc {
	return map[string]client.IndexerFunc{
		ByClass:   func(o client.Object) []string { return []string{o.(*v1alpha1.MeshIngress).Spec.ClassName} },
		ByService: func(o client.Object) []string { return services(o.(*v1alpha1.MeshIngress)) },
		ByRoute:   func(o client.Object) []string { return translate.RouteKeys(o.(*v1alpha1.MeshIngress)) },
	}
}

// Register adds the indexes to a cache.
func Register(ctx context.Context, indexer client.FieldIndexer) error {
	for name, extract := range Extractors() {
		if err := indexer.IndexField(ctx, &v1alpha1.MeshIngress{}, name, extract); err != nil {
			return fmt.Errorf("registering index %s: %w", name, err)
		}
	}
	return nil
}

func services(mi *v1alpha1.MeshIngress) []string {
	var keys []string
	for _, ref := range translate.Services(mi) {
		keys = append(keys, ref.String())
	}
	return keys
}
