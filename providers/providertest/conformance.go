// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
)

// Testdata is the directory of a provider's golden cases, where root is that of the
// providers.
func Testdata(p providers.Provider, root string) string {
	of := reflect.TypeOf(p)
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return filepath.Join(root, path.Base(of.PkgPath()), "testdata")
}

// Conformance gives the same MeshIngresses, one for each feature, to each way of a
// provider. Of a feature that the way declares, the plan must show everything that
// the MeshIngress says: Services and their ports, hosts, paths, shares, Secrets, and in
// header routing the destinations. One that it does not declare must end in an error
// at the field that asks for it. What leads to a way is taken from the golden cases in
// a directory; see Ways.
//
// It cannot see whether the vendor would do what is planned, nor how a backend is told
// to speak HTTP/2: some vendors read that off the Service.
func Conformance(t *testing.T, p providers.Provider, dir string) {
	t.Helper()
	c, err := newConformance(p, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range c.ways {
		t.Run(way.Name, func(t *testing.T) {
			for _, probe := range probes(way) {
				t.Run(probe.name, func(t *testing.T) {
					for _, err := range c.check(way, probe) {
						t.Error(err)
					}
				})
			}
		})
	}
}

// conformance checks one provider.
type conformance struct {
	description providers.Description
	registry    *providers.Registry
	watch       *watch
	ways        []Way
}

func newConformance(p providers.Provider, dir string) (*conformance, error) {
	ways, err := Ways(p, dir)
	if err != nil {
		return nil, err
	}
	w := &watch{}
	registry, err := providers.NewRegistry(w.over(p))
	return &conformance{description: p.Describe(), registry: registry, watch: w, ways: ways}, err
}

func (c *conformance) check(way Way, probe probe) []error {
	result := c.translate(way, probe)
	errs := c.watch.drain()
	if probe.feature != "" && !way.Supports(probe.feature) {
		return append(errs, checkRefused(result, probe)...)
	}
	if !result.OK() && probe.mayFail {
		probe.at = "spec.rules"
		return append(errs, checkRefused(result, probe)...)
	}
	if !result.OK() {
		return append(errs, fmt.Errorf("%s is declared and refused: %w", probe.name, result.Errors().ToAggregate()))
	}
	errs = append(errs, CheckOutput(c.description, outputOf(result))...)
	errs = append(errs, checkTargets(way, probe, result.Plan.Fields)...)
	errs = append(errs, shownBy(result).missing(probe)...)
	if way.Strategy == v1alpha1.StrategyHeader {
		errs = append(errs, c.checkDestinations(way, result)...)
	}
	return errs
}

func (c *conformance) translate(way Way, probe probe) translate.Result {
	return way.translate(c.registry, probe)
}

func (w Way) translate(registry *providers.Registry, probe probe) translate.Result {
	return translate.MeshIngress(registry, probe.mi.DeepCopy(), w.Class, w.snapshot(probe.services()...))
}

// serves counts the probes that are accepted.
func (w Way) serves(registry *providers.Registry) int {
	n := 0
	for _, p := range probes(w) {
		if w.translate(registry, p).OK() {
			n++
		}
	}
	return n
}

// checkRefused checks that what a way does not declare is refused where it is asked
// for.
func checkRefused(result translate.Result, probe probe) []error {
	var at []string
	for _, err := range result.Errors() {
		if err.Field == probe.at || strings.HasPrefix(err.Field, probe.at+".") || strings.HasPrefix(err.Field, probe.at+"[") {
			return nil
		}
		at = append(at, err.Field)
	}
	return []error{fmt.Errorf("%s: want an error at %s, got errors at %q", probe.name, probe.at, at)}
}

// checkTargets checks that fields are set on what is there: a Service that the
// MeshIngress names, or an object of the golden case.
func checkTargets(way Way, probe probe, sets []providers.FieldSet) []error {
	var errs []error
	for _, set := range sets {
		if !way.holds(set.Target) && !probe.holds(set.Target) {
			errs = append(errs, fmt.Errorf("fields are set on %s %s/%s, which is not there",
				set.Target.Kind, set.Target.Namespace, set.Target.Name))
		}
	}
	return errs
}

func (w Way) holds(target providers.Target) bool {
	for _, obj := range w.cluster {
		if obj.GroupVersionKind() == target.GroupVersionKind && obj.GetName() == target.Name &&
			obj.GetNamespace() == target.Namespace {
			return true
		}
	}
	return false
}

// checkDestinations checks that each backend's destination is the value of a header,
// unless the plan of the class sets the header for all routes.
func (c *conformance) checkDestinations(way Way, result translate.Result) []error {
	class := translate.Class(c.registry, way.Class, way.classSnapshot())
	if class.Rejected == nil && len(class.Plan.Objects)+len(class.Plan.Fields) > 0 {
		return nil
	}
	set := map[string]bool{}
	for _, obj := range planOf(result) {
		for _, value := range overridesIn(obj.Object) {
			set[fmt.Sprint(value)] = true
		}
	}
	var errs []error
	for _, route := range result.Routes {
		if !set[route.Destination] {
			errs = append(errs, fmt.Errorf("%s is not set to %s", linkerd.OverrideHeader, route.Destination))
		}
	}
	return errs
}

// classSnapshot is what a class may see of the cluster of the way.
func (w Way) classSnapshot() translate.ClassSnapshot {
	return translate.ClassSnapshot{Served: w.Served, ClusterDomain: linkerd.DefaultClusterDomain, Read: w.read}
}

// holds reports whether a target is one of the Services of the probe.
func (p probe) holds(target providers.Target) bool {
	for _, svc := range p.services() {
		if target.GroupVersionKind == corev1.SchemeGroupVersion.WithKind("Service") &&
			target.Namespace == svc.Namespace && target.Name == svc.Name {
			return true
		}
	}
	return false
}
