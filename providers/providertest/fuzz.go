// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// Fuzz writes whatever it likes where a user may write in a MeshIngress, and gives it
// to every way of a provider, beginning with what the golden cases of the package
// under test hold. What is accepted must be right: it does not depend on chance,
// leaves its input as it was, passes CheckOutput, and holds no control characters but
// newlines of the provider's own.
//
// grammar is asked about each object that is planned, and about each FieldSet as an
// object of its target's kind and name; it returns what is wrong, above all what
// could be read as more than a literal. It is written from the vendor's parser, not
// from the provider. Annotations of spec.template that were carried over as they are
// have been taken off: what they may do is the user's choice.
func Fuzz(f *testing.F, p providers.Provider, grammar func(obj *unstructured.Unstructured) []error) {
	f.Helper()
	z, err := newFuzzer(p, "testdata", grammar)
	if err != nil {
		f.Fatal(err)
	}
	seeds, err := goldenSeeds("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, w := range seeds {
		addSeed(f, w, everything)
	}
	for _, w := range nastySeeds() {
		for part := hostPart; part <= templatePart; part <<= 1 {
			addSeed(f, w, part)
		}
		addSeed(f, w, everything)
	}
	f.Fuzz(func(t *testing.T, parts uint8, name, host, path, service, namespace, secret, auth, key, value string,
		port int32, weight uint16, exact, h2c, fallback bool,
	) {
		w := written{
			name: name, host: host, path: path, service: service, namespace: namespace, secret: secret, auth: auth,
			key: key, value: value, port: port, weight: weight, exact: exact, h2c: h2c, fallback: fallback,
		}
		for _, err := range z.check(w.only(parts)) {
			t.Error(err)
		}
	})
}

func addSeed(f *testing.F, w written, parts uint8) {
	f.Helper()
	f.Add(parts, w.name, w.host, w.path, w.service, w.namespace, w.secret, w.auth, w.key, w.value,
		w.port, w.weight, w.exact, w.h2c, w.fallback)
}

// fuzzer checks what a provider plans for what a user may write.
type fuzzer struct {
	description providers.Description
	registry    *providers.Registry
	watch       *watch
	ways        []Way
	grammar     func(obj *unstructured.Unstructured) []error
}

func newFuzzer(
	p providers.Provider, dir string, grammar func(obj *unstructured.Unstructured) []error,
) (*fuzzer, error) {
	ways, err := Ways(p, dir)
	if err != nil {
		return nil, err
	}
	w := &watch{}
	registry, err := providers.NewRegistry(w.over(p))
	return &fuzzer{description: p.Describe(), registry: registry, watch: w, ways: ways, grammar: grammar}, err
}

func (z *fuzzer) check(w written) []error {
	var errs []error
	for _, way := range z.ways {
		errs = append(errs, prefix(fmt.Sprintf("%s, %s, %+v", z.description.Title, way.Name, w), z.checkWay(way, w))...)
	}
	return errs
}

func (z *fuzzer) checkWay(way Way, w written) []error {
	result := z.translate(way, w)
	errs := z.watch.drain()
	if again := z.translate(way, w); !reflect.DeepEqual(result, again) {
		errs = append(errs, fmt.Errorf("another result the second time: %+v, %+v", result, again))
	}
	if !result.OK() {
		return errs
	}
	if bad := w.withControl(); bad != "" {
		errs = append(errs, fmt.Errorf("accepted, though it holds the control character in %q", bad))
	}
	errs = append(errs, CheckOutput(z.description, outputOf(result))...)
	plain := z.translate(way, w.plain())
	if !plain.OK() {
		return append(errs, fmt.Errorf("refused without spec.template: %w", plain.Errors().ToAggregate()))
	}
	objects, own := planOf(result), planOf(plain)
	errs = append(errs, withoutTemplate(objects, own, w)...)
	errs = append(errs, checkControl(objects, own)...)
	for _, obj := range objects {
		errs = append(errs, prefix(identity(obj), z.grammar(obj))...)
	}
	return errs
}

// translate runs the whole path on a MeshIngress of its own, which must not change.
func (z *fuzzer) translate(way Way, w written) translate.Result {
	mi := w.meshIngress(way.Namespace)
	result := translate.MeshIngress(z.registry, mi, way.Class, way.snapshot(w.services(way.Namespace)...))
	if !reflect.DeepEqual(w.meshIngress(way.Namespace), mi) {
		z.watch.errs = append(z.watch.errs, errors.New("the MeshIngress has changed"))
	}
	return result
}

// checkControl refuses control characters in all that is planned, but for newlines in
// text that is the provider's own.
func checkControl(objects, own []*unstructured.Unstructured) []error {
	known := map[string]bool{}
	for _, obj := range own {
		for _, text := range stringsIn(obj.Object) {
			known[text] = indexControl(strings.ReplaceAll(text, "\n", "")) < 0
		}
	}
	var errs []error
	for _, obj := range objects {
		for _, text := range stringsIn(obj.Object) {
			if indexControl(text) >= 0 && !known[text] {
				errs = append(errs, fmt.Errorf("%s holds %q", identity(obj), text))
			}
		}
	}
	return errs
}

// withoutTemplate takes off the annotations that were carried over from
// spec.template as they are. Nothing else may be changed by them.
func withoutTemplate(with, without []*unstructured.Unstructured, w written) []error {
	if len(with) != len(without) {
		return []error{fmt.Errorf("%d objects with spec.template, %d without", len(with), len(without))}
	}
	var errs []error
	for i, obj := range with {
		annotations, own := obj.GetAnnotations(), without[i].GetAnnotations()
		if _, set := own[w.key]; !set && annotations[w.key] == w.value {
			delete(annotations, w.key)
			obj.SetAnnotations(annotations)
		}
		for key := range own {
			if _, kept := annotations[key]; !kept {
				errs = append(errs, fmt.Errorf("%s loses the annotation %s by spec.template", identity(obj), key))
			}
		}
		if a, b := withoutAnnotations(obj), withoutAnnotations(without[i]); !reflect.DeepEqual(a, b) {
			errs = append(errs, fmt.Errorf("annotations of spec.template change more than annotations: %v, %v", a, b))
		}
	}
	return errs
}

func withoutAnnotations(obj *unstructured.Unstructured) map[string]any {
	c := obj.DeepCopy()
	c.SetAnnotations(nil)
	return c.Object
}

// planOf lists what is planned: objects, and field sets as objects.
func planOf(result translate.Result) []*unstructured.Unstructured {
	all := make([]*unstructured.Unstructured, 0, len(result.Plan.Objects)+len(result.Plan.Fields))
	for _, obj := range result.Plan.Objects {
		all = append(all, obj.DeepCopy())
	}
	for _, set := range result.Plan.Fields {
		obj := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(set.Fields)}
		obj.SetGroupVersionKind(set.Target.GroupVersionKind)
		obj.SetNamespace(set.Target.Namespace)
		obj.SetName(set.Target.Name)
		all = append(all, obj)
	}
	return all
}

// outputOf is a result as it would be rendered.
func outputOf(result translate.Result) render.Output {
	out := render.MeshIngress{}
	for _, obj := range result.Plan.Objects {
		out.Objects = append(out.Objects, obj.Object)
	}
	for _, set := range result.Plan.Fields {
		out.Patches = append(out.Patches, render.Patch{
			Target: render.Target{
				APIVersion: set.Target.GroupVersion().String(), Kind: set.Target.Kind,
				Namespace: set.Target.Namespace, Name: set.Target.Name,
			},
			Fields: set.Fields,
		})
	}
	return render.Output{MeshIngresses: []render.MeshIngress{out}}
}

// stringsIn are all strings of a value, keys of maps included.
func stringsIn(value any) []string {
	var all []string
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			all = append(append(all, key), stringsIn(item)...)
		}
	case []any:
		for _, item := range v {
			all = append(all, stringsIn(item)...)
		}
	case string:
		all = append(all, v)
	}
	return all
}

func indexControl(text string) int {
	for i, c := range text {
		if unicode.IsControl(c) {
			return i
		}
	}
	return -1
}
