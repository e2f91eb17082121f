// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/config/crd"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
)

// Options change how the input is read. The zero value is the default.
type Options struct {
	// ClusterDomain in place of the one in linkerd-config.
	ClusterDomain string

	// Served are the vendors' kinds that the cluster serves; built-in kinds always
	// are. nil: those whose CustomResourceDefinitions are in the input, or, where
	// it holds none, all. An empty list: none.
	// A Kind here has only its GroupVersionKind, and its Field where that is served.
	Served []providers.Kind

	// Strict refuses unknown fields in built-in kinds too, not only in ours.
	Strict bool
}

// Renderer renders for the providers of a registry.
type Renderer struct {
	registry    *providers.Registry
	definitions map[string]*definition
}

// New returns a Renderer. An error means that the embedded definitions of our
// own kinds are broken.
func New(registry *providers.Registry) (*Renderer, error) {
	crds, err := crd.Load()
	if err != nil {
		return nil, err
	}
	r := &Renderer{registry: registry, definitions: make(map[string]*definition, len(crds))}
	for _, c := range crds {
		if r.definitions[c.Spec.Names.Kind], err = newDefinition(c); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Render says what the operator would do with the documents in a cluster. It
// depends on neither their order nor anything else, and changes none of them.
//
// What is wrong with a MeshIngress or a MeshIngressClass is in the Output. An
// error, often an *InputError, means that the input cannot be used at all.
func (r *Renderer) Render(docs []Document, opts Options) (Output, error) {
	in, err := newReader(r.definitions, opts.Strict).readAll(docs)
	if err != nil {
		return Output{}, err
	}
	if opts.ClusterDomain != "" {
		if errs := validation.IsDNS1123Subdomain(opts.ClusterDomain); len(errs) > 0 {
			return Output{}, fmt.Errorf("cluster domain %q is no DNS name", opts.ClusterDomain)
		}
		in.linkerd.ClusterDomain = opts.ClusterDomain
	}
	kinds, err := served(r.registry.Served(), opts.Served, in.crds)
	if err != nil {
		return Output{}, err
	}
	in.sort()
	run := &rendering{registry: r.registry, in: in, served: kinds}
	return Output{MeshIngresses: run.meshIngresses(), Classes: run.classes()}, nil
}

// rendering is one call of Render.
type rendering struct {
	registry *providers.Registry
	in       input
	served   providers.Served
}

// sort makes everything independent of the order of the documents.
func (in *input) sort() {
	slices.SortFunc(in.meshIngresses, func(a, b meshIngress) int {
		return cmp.Or(cmp.Compare(a.object.Namespace, b.object.Namespace), cmp.Compare(a.object.Name, b.object.Name))
	})
	slices.SortFunc(in.classes, func(a, b class) int { return cmp.Compare(a.object.Name, b.object.Name) })
	injection.SortWorkloads(in.workloads)
	slices.SortFunc(in.others, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()),
			cmp.Compare(a.GroupVersionKind().String(), b.GroupVersionKind().String()))
	})
}

func (in *input) sortedServices() []*corev1.Service {
	return slices.SortedFunc(maps.Values(in.services), func(a, b *corev1.Service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}
