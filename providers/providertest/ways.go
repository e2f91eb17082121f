// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// Way is one of the Description.Strategies of a provider, with what leads to it.
type Way struct {
	providers.StrategySupport

	// Name tells it from the provider's other ways: "ClusterIP", "Header/Form",
	// "Header 2".
	Name string

	// Class is valid, with defaults filled in, and open to all namespaces.
	Class *v1alpha1.MeshIngressClass

	// Namespace of a MeshIngress that can use the class.
	Namespace string

	// Served is what the API server serves.
	Served providers.Served

	// cluster is what there is for the provider to read.
	cluster []*unstructured.Unstructured
}

// Ways returns the ways of a provider in the order of its description. What leads to
// a way is taken from the golden cases in a directory that plan something by it: from
// the one by whose class most of what Conformance asks is accepted, the first of
// equals. A way without such a case is an error: nothing would show that it works.
func Ways(p providers.Provider, dir string) ([]Way, error) {
	inputs, err := listCases(dir, true)
	if err != nil {
		return nil, err
	}
	f, err := newFinder(p)
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		if err := f.look(in); err != nil {
			return nil, fmt.Errorf("%s: %w", in, err)
		}
	}
	return f.ways, nameWays(f.ways, f.supports, dir)
}

// finder finds what leads to the ways of a provider.
type finder struct {
	supports []providers.StrategySupport
	ways     []Way
	serves   []int // how many probes each of the ways accepts

	registry *providers.Registry
	recorder *recorder
	harness  *harness
}

func newFinder(p providers.Provider) (*finder, error) {
	f := &finder{supports: p.Describe().Strategies, recorder: &recorder{wrapped: wrapped{p}}}
	f.ways, f.serves = make([]Way, len(f.supports)), make([]int, len(f.supports))
	var err error
	if f.registry, err = providers.NewRegistry(p); err != nil {
		return nil, err
	}
	f.harness, err = newHarness(f.recorder)
	return f, err
}

// look takes over what one case has that is better.
func (f *finder) look(path string) error {
	c, err := readCase(path)
	if err != nil {
		return err
	}
	f.recorder.planned = nil
	if _, _, err = f.harness.render(c); err != nil {
		return err
	}
	for _, input := range f.recorder.planned {
		i, way := indexOf(f.supports, input.Strategy), newWay(input, c)
		if i < 0 || translate.Class(f.registry, way.Class, way.classSnapshot()).Rejected != nil {
			continue
		}
		if serves := way.serves(f.registry); f.ways[i].Class == nil || serves > f.serves[i] {
			f.ways[i], f.serves[i] = way, serves
		}
	}
	return nil
}

func indexOf(ways []providers.StrategySupport, way providers.StrategySupport) int {
	return slices.IndexFunc(ways, func(s providers.StrategySupport) bool { return reflect.DeepEqual(s, way) })
}

// nameWays fails where a way was not found.
func nameWays(ways []Way, supports []providers.StrategySupport, dir string) error {
	seen := map[string]int{}
	for i, s := range supports {
		name := string(s.Strategy)
		if s.Form != "" {
			name += "/" + s.Form
		}
		if ways[i].Class == nil {
			return fmt.Errorf("no case in %s plans anything by the way %d, %s (%s): add one", dir, i+1, name, s.Reason)
		}
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s %d", name, seen[name])
		}
		ways[i].Name = name
	}
	return nil
}

func newWay(in providers.Input, c goldenCase) Way {
	way := Way{
		StrategySupport: in.Strategy,
		Class: &v1alpha1.MeshIngressClass{
			ObjectMeta: metav1.ObjectMeta{Name: in.Class.Name}, Spec: *in.Class.Spec.DeepCopy(),
		},
		Namespace: in.Namespace, Served: in.Served,
	}
	way.Class.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}
	for _, doc := range c.copyDocuments() {
		way.cluster = append(way.cluster, doc.Object)
	}
	return way
}

// recorder keeps the inputs for which the provider plans something.
type recorder struct {
	wrapped
	planned []providers.Input
}

// Translate implements providers.Provider.
func (r *recorder) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	plan, errs := r.wrapped.Translate(in)
	if len(errs) == 0 && len(plan.Objects)+len(plan.Fields) > 0 {
		r.planned = append(r.planned, in)
	}
	return plan, errs
}

// snapshot is the cluster of the way, with some Services.
func (w Way) snapshot(services ...*corev1.Service) translate.Snapshot {
	snap := translate.Snapshot{
		Services: map[types.NamespacedName]*corev1.Service{}, AssumeServices: true,
		Served: w.Served, Linkerd: linkerd.Unknown(), Read: w.read,
	}
	for _, svc := range services {
		snap.Services[types.NamespacedName{Namespace: svc.Namespace, Name: svc.Name}] = svc
	}
	return snap
}

func (w Way) read(want providers.Read) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, obj := range w.cluster {
		namespace := cmp.Or(obj.GetNamespace(), corev1.NamespaceDefault)
		if obj.GroupVersionKind() == want.Kind.GroupVersionKind && (want.Namespace == "" || namespace == want.Namespace) {
			out = append(out, obj.DeepCopy())
		}
	}
	return out
}
