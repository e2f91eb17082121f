// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// scenario is one vendor and one way of its to route.
type scenario struct {
	name    string
	vendor  v1alpha1.Vendor
	fixture string

	// adapt changes the objects of the fixture for this way; may be nil.
	adapt func([]*unstructured.Unstructured) []*unstructured.Unstructured

	// way and opts of the class.
	way
	opts []builders.ClassOption

	// workload of the fixture, which Helm upgrades.
	workload *unstructured.Unstructured

	// owner is the object whose controller made the workload; nil where Helm did.
	owner *unstructured.Unstructured

	// above is the object whose controller made the owner; nil where a user did.
	above *unstructured.Unstructured

	// target is the map of annotations that is for Linkerd's injector, and ports what
	// it says to skip; empty where that is nothing.
	target place
	ports  string

	// outside is true where no pod of the cluster proxies requests: target then stays
	// as it is.
	outside bool

	// edits that users make.
	edits []edit
}

// way is what a class asks for, and the strategy that comes of it.
type way struct {
	routing  v1alpha1.Routing
	strategy v1alpha1.Strategy
}

var (
	toClusterIP = way{v1alpha1.RoutingAuto, v1alpha1.StrategyClusterIP}
	toHeader    = way{v1alpha1.RoutingAuto, v1alpha1.StrategyHeader}

	// askedHeader is of a vendor that could route to ClusterIPs.
	askedHeader = way{v1alpha1.RoutingHeader, v1alpha1.StrategyHeader}
)

// place is a field of an object.
type place struct {
	object *unstructured.Unstructured
	path   []string
}

// value is what is there now; nil where there is nothing.
func (p place) value(ctx context.Context) (any, error) {
	live := p.object.DeepCopy()
	if err := user.Get(ctx, client.ObjectKeyFromObject(live), live); err != nil {
		return nil, err
	}
	value, _, err := unstructured.NestedFieldCopy(live.Object, p.path...)
	return value, err
}

// podTemplate is where the annotations are of a workload's pods.
func podTemplate(workload *unstructured.Unstructured) place {
	return place{workload, []string{"spec", "template", "metadata", "annotations"}}
}

// objects are those of the fixture, in this way's form.
func (s scenario) objects() []*unstructured.Unstructured {
	GinkgoHelper()
	objects, err := fixtures.Objects(s.fixture)
	Expect(err).NotTo(HaveOccurred())
	if s.adapt != nil {
		objects = s.adapt(objects)
	}
	return objects
}

// install puts everything into the cluster but what is the operator's.
func (s scenario) install(ctx context.Context) {
	GinkgoHelper()
	for _, name := range []string{fixtures.Linkerd, fixtures.LinkerdInjector, fixtures.Emojivoto} {
		objects, err := fixtures.Objects(name)
		Expect(err).NotTo(HaveOccurred())
		install(ctx, objects)
	}
	install(ctx, s.objects())
	if s.owner != nil {
		own(ctx, s.owner, s.workload)
	}
	if s.above != nil {
		own(ctx, s.above, s.owner)
	}
}

func (s scenario) class() *v1alpha1.MeshIngressClass {
	return builders.Class("public", s.vendor, append(s.opts, builders.WithRouting(s.routing))...)
}

func (s scenario) meshIngress(opts ...builders.MeshIngressOption) *v1alpha1.MeshIngress {
	return builders.MeshIngress("web", "emojivoto", append(opts, builders.WithClass("public"),
		builders.WithRule("example.com", "/", "web-svc", "http"))...)
}

// describe names the vendor, the strategy and the form of routes.
func (s scenario) describe(registry *providers.Registry) string {
	GinkgoHelper()
	provider, ok := registry.Get(s.vendor)
	Expect(ok).To(BeTrue(), "there is no provider for %s", s.vendor)
	wish := providers.WishOf(provider, translate.ClassOf(s.class()))
	return fmt.Sprintf("%s %s %s", s.vendor, s.strategy, wish.Form)
}

// annotations are those of Linkerd that the operator has set on the target.
func (s scenario) annotations(ctx context.Context) (map[string]string, error) {
	found := map[string]string{}
	value, err := s.target.value(ctx)
	all, _ := value.(map[string]any)
	for _, key := range []string{linkerd.InjectAnnotation, linkerd.SkipInboundPortsAnnotation} {
		if text, ok := all[key].(string); ok {
			found[key] = text
		}
	}
	return found, err
}

// injected are the annotations that the operator is to set.
func (s scenario) injected() map[string]string {
	wanted := s.injectedWithoutPorts()
	if s.ports != "" {
		wanted[linkerd.SkipInboundPortsAnnotation] = s.ports
	}
	return wanted
}

func (s scenario) injectedWithoutPorts() map[string]string {
	switch {
	case s.outside:
		return map[string]string{}
	case s.strategy == v1alpha1.StrategyHeader:
		return map[string]string{linkerd.InjectAnnotation: linkerd.InjectIngress}
	default:
		return map[string]string{linkerd.InjectAnnotation: linkerd.InjectEnabled}
	}
}

// generated lists what is made for a MeshIngress.
func generated(ctx context.Context, mi *v1alpha1.MeshIngress) []*unstructured.Unstructured {
	GinkgoHelper()
	registry, err := all.New()
	Expect(err).NotTo(HaveOccurred())
	var found []*unstructured.Unstructured
	for _, k := range registry.Kinds() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(k.GroupVersionKind)
		err := user.List(ctx, list, client.MatchingLabels{v1alpha1.OwnerLabel: translate.OwnerOf(mi).Hash()})
		if client.IgnoreNotFound(err) != nil {
			Expect(err).To(Satisfy(isNoMatch))
		}
		for i := range list.Items {
			found = append(found, &list.Items[i])
		}
	}
	return found
}

func named(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}
