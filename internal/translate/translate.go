// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package translate

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/watched"
	"github.com/meshingress/meshingress/providers"
)

// maxObjects bounds the inventory, and with it the size of the status.
const maxObjects = 512

// Snapshot is what the pure path may see of the cluster.
type Snapshot struct {
	// Services that the MeshIngress names and that exist.
	Services map[types.NamespacedName]*corev1.Service

	// AssumeServices takes a Service that is not in Services as existing, with
	// any port given by number. For work without a cluster.
	AssumeServices bool

	// Watched are the namespaces whose Services are in Services.
	Watched watched.Namespaces

	// Namespaces of the MeshIngress and of its backends, by name.
	Namespaces map[string]*corev1.Namespace

	// Siblings are the other MeshIngresses of the same class that may use it.
	Siblings []*v1alpha1.MeshIngress

	// Served are the kinds that the API server serves.
	Served providers.Served

	// Linkerd is what the installation says of itself.
	Linkerd linkerd.Facts

	// Read answers a provider's Reads. It never returns an error: what cannot be
	// read is not there.
	Read func(providers.Read) []*unstructured.Unstructured
}

// Result is the outcome for one MeshIngress.
type Result struct {
	// Strategy in use, empty where none could be chosen.
	Strategy v1alpha1.Strategy

	// StrategyReason says why.
	StrategyReason string

	// Plan to apply; empty where there are errors.
	Plan providers.Plan

	// Routes for the status, in the order of the spec.
	Routes []v1alpha1.RouteStatus

	// Backends of the routes and the default one, in the order of the spec, without
	// Field. One may be there several times.
	Backends []providers.Backend

	// Hazards may harm traffic, although nothing is wrong with the MeshIngress.
	Hazards []v1alpha1.Notice

	// Rejected says why the MeshIngress is not accepted; nil where it is.
	Rejected *Rejection

	// Refs are the backends that cannot be used.
	Refs field.ErrorList
}

// Rejection is a reason of the condition Accepted and what is wrong.
type Rejection struct {
	Reason string
	Errors field.ErrorList
}

// OK reports whether the plan may be applied.
func (r Result) OK() bool { return r.Rejected == nil && len(r.Refs) == 0 }

// Errors returns everything that is wrong.
func (r Result) Errors() field.ErrorList {
	if r.Rejected == nil {
		return r.Refs
	}
	return append(append(field.ErrorList{}, r.Rejected.Errors...), r.Refs...)
}

// MeshIngress runs the path for one MeshIngress of a class. It changes none of
// its arguments.
func MeshIngress(
	registry *providers.Registry, mi *v1alpha1.MeshIngress, class *v1alpha1.MeshIngressClass, snap Snapshot,
) Result {
	provider, choice, err := choose(registry, class, snap.Served)
	if err != nil {
		return Result{Rejected: servingRejection(class, err)}
	}
	result := Result{Strategy: choice.Strategy, StrategyReason: choice.Reason}
	if result.Rejected = checkNamespace(mi, class, snap.Namespaces); result.Rejected != nil {
		return result
	}
	if errs := checkSpec(&mi.Spec); len(errs) > 0 {
		result.Rejected = &Rejection{v1alpha1.ReasonInvalid, errs}
		return result
	}
	r := resolver{
		mi: mi, snap: snap, strategy: choice.Strategy, abroad: choice.Supports(providers.FeatureCrossNamespace),
	}
	input := r.input(ClassOf(class), choice)
	result.Routes = routeStatus(input)
	for _, b := range input.AllBackends() {
		b.Field = nil
		result.Backends = append(result.Backends, b)
	}
	result.Hazards = stickyHazards(provider.Describe(), result.Backends, snap.Services)
	result.Refs = r.errs
	if errs := checkFeatures(provider.Describe(), choice, mi, input); len(errs) > 0 {
		result.Rejected = &Rejection{v1alpha1.ReasonUnsupported, errs}
		return result
	}
	if errs := checkSiblings(mi, snap.Siblings, provider.Describe().ExclusiveHosts); len(errs) > 0 {
		result.Rejected = &Rejection{v1alpha1.ReasonRouteTaken, errs}
	}
	if result.OK() {
		result.Plan, result.Rejected = plan(provider, input, snap.Read, mi)
	}
	return result
}

// plan runs the provider over an input without errors.
func plan(
	p providers.Provider, in providers.Input, read func(providers.Read) []*unstructured.Unstructured, mi *v1alpha1.MeshIngress,
) (providers.Plan, *Rejection) {
	for _, r := range p.Reads(in) {
		in.Objects = append(in.Objects, read(r)...)
	}
	sortObjects(in.Objects)
	out, errs := p.Translate(in)
	if len(errs) > 0 {
		return providers.Plan{}, &Rejection{v1alpha1.ReasonUnsupported, errs}
	}
	if n := len(out.Objects); n > maxObjects {
		return providers.Plan{}, &Rejection{v1alpha1.ReasonTooManyObjects, field.ErrorList{
			field.TooMany(field.NewPath("spec", "rules"), n, maxObjects),
		}}
	}
	OwnerOf(mi).Mark(out.Objects)
	return out, nil
}

// choose finds the provider of a class and the strategy.
func choose(
	registry *providers.Registry, class *v1alpha1.MeshIngressClass, served providers.Served,
) (providers.Provider, providers.StrategySupport, error) {
	p, ok := registry.Get(class.Spec.Vendor)
	if !ok {
		return nil, providers.StrategySupport{}, errNoProvider
	}
	s, err := providers.ChooseStrategy(p.Describe(), providers.WishOf(p, ClassOf(class)), served)
	return p, s, err
}

var errNoProvider = errors.New("this build of the operator has no provider for the vendor")

// classRejection says, on the class, why it cannot be served.
func classRejection(class *v1alpha1.MeshIngressClass, err error) *Rejection {
	at, value := field.NewPath("spec", "vendor"), string(class.Spec.Vendor)
	var unsupported *providers.UnsupportedRoutingError
	if errors.As(err, &unsupported) {
		at, value = field.NewPath("spec", "routing"), string(class.Spec.Routing)
	}
	return &Rejection{rejectionReason(err), field.ErrorList{field.Invalid(at, value, err.Error())}}
}

// servingRejection says the same on a MeshIngress, which has only the name of the
// class.
func servingRejection(class *v1alpha1.MeshIngressClass, err error) *Rejection {
	return &Rejection{rejectionReason(err), field.ErrorList{field.Invalid(
		field.NewPath("spec", "className"), class.Name,
		fmt.Sprintf("MeshIngressClass %s cannot serve it: %v", class.Name, err))}}
}

func rejectionReason(err error) string {
	var unserved *providers.NotServedError
	if errors.As(err, &unserved) {
		return v1alpha1.ReasonVendorNotServed
	}
	return v1alpha1.ReasonUnsupported
}

// ClassOf fills in the defaults of a class.
func ClassOf(class *v1alpha1.MeshIngressClass) providers.Class {
	name := class.Spec.IngressClassName
	if name == "" {
		name = class.Name
	}
	return providers.Class{Name: class.Name, IngressClassName: name, Spec: class.Spec}
}
