// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/providers"
)

// watch notices where a provider changes what it is given: in the operator, that
// is the shared cache.
type watch struct {
	errs []error
}

// drain returns what was noticed since the last time.
func (w *watch) drain() []error {
	errs := w.errs
	w.errs = nil
	return errs
}

// over returns the provider under watch.
func (w *watch) over(p providers.Provider) providers.Provider { return watched{wrapped{p}, w} }

type watched struct {
	wrapped
	watch *watch
}

// Translate implements providers.Provider.
func (p watched) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	before := copyInput(in)
	plan, errs := p.wrapped.Translate(in)
	if !reflect.DeepEqual(before, in) {
		p.watch.errs = append(p.watch.errs, errors.New("Translate changes its input"))
	}
	return plan, errs
}

// TranslateClass implements providers.ClassTranslator.
func (p watched) TranslateClass(in providers.ClassInput) (providers.Plan, field.ErrorList) {
	before := in
	before.Class.Spec = *in.Class.Spec.DeepCopy()
	before.Served, before.Objects = maps.Clone(in.Served), copyObjects(in.Objects)
	plan, errs := p.wrapped.TranslateClass(in)
	if !reflect.DeepEqual(before, in) {
		p.watch.errs = append(p.watch.errs, errors.New("TranslateClass changes its input"))
	}
	return plan, errs
}

// copyInput copies everything that a provider could change.
func copyInput(in providers.Input) providers.Input {
	in.Class.Spec = *in.Class.Spec.DeepCopy()
	in.Served = maps.Clone(in.Served)
	in.Labels, in.Annotations = maps.Clone(in.Labels), maps.Clone(in.Annotations)
	in.Routes = slices.Clone(in.Routes)
	for i := range in.Routes {
		in.Routes[i].Backends = slices.Clone(in.Routes[i].Backends)
	}
	if in.Default != nil {
		in.Default = new(*in.Default)
	}
	if in.Auth != nil {
		in.Auth = new(*in.Auth)
	}
	in.TLS = slices.Clone(in.TLS)
	for i := range in.TLS {
		in.TLS[i].Hosts = slices.Clone(in.TLS[i].Hosts)
	}
	in.Objects = copyObjects(in.Objects)
	return in
}

func copyObjects(all []*unstructured.Unstructured) []*unstructured.Unstructured {
	all = slices.Clone(all)
	for i, obj := range all {
		all[i] = obj.DeepCopy()
	}
	return all
}
