// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package index_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/index"
	"github.com/meshingress/meshingress/test/builders"
)

func TestExtractors(t *testing.T) {
	mi := builders.MeshIngress("web", "shop", builders.WithClass("traefik"),
		builders.WithRule("example.com", "/", "web-svc", 80),
		builders.WithRule("example.com", "/api", "api-svc", "http"),
		builders.WithExternalAuth("auth", "authn", 8080, "/verify"))
	tests := map[string]struct {
		index string
		mi    *v1alpha1.MeshIngress
		want  []string
	}{
		"class":         {index: index.ByClass, mi: mi, want: []string{"traefik"}},
		"default class": {index: index.ByClass, mi: builders.MeshIngress("web", "shop"), want: []string{""}},
		"services":      {index: index.ByService, mi: mi, want: []string{"auth/authn", "shop/api-svc", "shop/web-svc"}},
		"no services":   {index: index.ByService, mi: builders.MeshIngress("web", "shop")},
		"no routes":     {index: index.ByRoute, mi: builders.MeshIngress("web", "shop")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := index.Extractors()[tt.index](tt.mi)
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.index, diff)
			}
		})
	}
}

// Two MeshIngresses that claim the same route find each other.
func TestByRoute(t *testing.T) {
	extract := index.Extractors()[index.ByRoute]
	first := extract(builders.MeshIngress("a", "shop", builders.WithRule("example.com", "/", "web", 80)))
	second := extract(builders.MeshIngress("b", "other", builders.WithRule("example.com", "/", "api", 81)))
	third := extract(builders.MeshIngress("c", "other", builders.WithRule("example.net", "/", "api", 81)))
	if len(first) == 0 || !slices.Equal(first, second) || slices.Equal(first, third) {
		t.Errorf("keys %q, %q and %q: want the first two the same, and the third another", first, second, third)
	}
}

type indexer struct {
	names []string
	err   error
}

func (i *indexer) IndexField(_ context.Context, _ client.Object, name string, _ client.IndexerFunc) error {
	i.names = append(i.names, name)
	return i.err
}

func TestRegister(t *testing.T) {
	var got indexer
	if err := index.Register(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got.names)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(index.Extractors())), got.names); diff != "" {
		t.Errorf("registered (-want +got):\n%s", diff)
	}

	failure := errors.New("no such index")
	if err := index.Register(t.Context(), &indexer{err: failure}); !errors.Is(err, failure) {
		t.Errorf("Register() = %v, want %v", err, failure)
	}
}
