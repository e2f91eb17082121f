// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingresses

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Decode turns an object of the cluster into an Ingress; false where it is of another
// kind, or none in its fields.
func Decode(obj *unstructured.Unstructured) (*networkingv1.Ingress, bool) {
	if obj.GroupVersionKind() != providers.KindIngress.GroupVersionKind {
		return nil, false
	}
	return objects.Decode[networkingv1.Ingress](obj)
}

// Others are the Ingresses that the provider has read and that were not generated for
// the MeshIngress, in the order of in.Objects.
func Others(in providers.Input) []*networkingv1.Ingress {
	return read(in, func(obj *unstructured.Unstructured) bool { return !in.Owns(obj) })
}

// Ours are the Ingresses of the cluster that were generated for the MeshIngress, in
// the order of in.Objects.
func Ours(in providers.Input) []*networkingv1.Ingress { return read(in, in.Owns) }

func read(in providers.Input, wanted func(*unstructured.Unstructured) bool) []*networkingv1.Ingress {
	var all []*networkingv1.Ingress
	for _, obj := range in.Objects {
		if ing, ok := Decode(obj); ok && wanted(obj) {
			all = append(all, ing)
		}
	}
	return all
}

// Services are the backends of an Ingress that are Services: the default one first,
// then those of the rules in their order, repetitions included.
func Services(ing *networkingv1.Ingress) []networkingv1.IngressServiceBackend {
	return append(DefaultService(ing), RuleServices(ing)...)
}

// DefaultService is the default backend where it is a Service: one or none.
func DefaultService(ing *networkingv1.Ingress) []networkingv1.IngressServiceBackend {
	if b := ing.Spec.DefaultBackend; b != nil && b.Service != nil {
		return []networkingv1.IngressServiceBackend{*b.Service}
	}
	return nil
}

// RuleServices are the backends of the rules that are Services, in their order,
// repetitions included.
func RuleServices(ing *networkingv1.Ingress) []networkingv1.IngressServiceBackend {
	var all []networkingv1.IngressServiceBackend
	for _, rule := range ing.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, p := range rule.HTTP.Paths {
			if p.Backend.Service != nil {
				all = append(all, *p.Backend.Service)
			}
		}
	}
	return all
}
