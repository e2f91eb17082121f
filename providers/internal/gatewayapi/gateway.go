// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/pkg/features"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// Surroundings are what stands around a class's routes, as far as it was seen.
type Surroundings struct {
	// Gateway that the class names; nil where there is none.
	Gateway *gatewayv1.Gateway

	// GatewayClass of the Gateway; nil where there is none.
	GatewayClass *gatewayv1.GatewayClass

	// known features of the implementation, whatever the GatewayClass says.
	known []features.FeatureName
}

// Survey finds the Gateway of a class, and its GatewayClass, among objects.
func Survey(class providers.Class, all []*unstructured.Unstructured) Surroundings {
	ref := class.Spec.GatewayRef
	if ref == nil {
		return Surroundings{}
	}
	return SurroundingsOf(ref.ObjectKey, all)
}

// SurroundingsOf finds a Gateway and its GatewayClass among objects.
func SurroundingsOf(gateway v1alpha1.ObjectKey, all []*unstructured.Unstructured) Surroundings {
	s := Surroundings{Gateway: find[gatewayv1.Gateway](all, KindGateway, gateway.Namespace, gateway.Name)}
	if s.Gateway != nil {
		s.GatewayClass = find[gatewayv1.GatewayClass](all, KindGatewayClass, "", string(s.Gateway.Spec.GatewayClassName))
	}
	return s
}

func find[T any](all []*unstructured.Unstructured, k providers.Kind, namespace, name string) *T {
	obj := objects.Find(all, k, namespace, name)
	if obj == nil {
		return nil
	}
	found, ok := objects.Decode[T](obj)
	if !ok {
		return nil
	}
	return found
}

// InfrastructureTarget is the class's Gateway and the annotations in it that an
// implementation puts on what it generates (apis/v1/gateway_types.go,
// GatewayInfrastructure; Extended, SupportGatewayInfrastructurePropagation). The error
// is for the class's status.
func InfrastructureTarget(in providers.ClassInput) (*unstructured.Unstructured, []string, error) {
	ref := in.Class.Spec.GatewayRef
	if ref == nil {
		return nil, nil, errors.New("the class names no Gateway: set spec.gatewayRef")
	}
	gateway := objects.Find(in.Objects, KindGateway, ref.Namespace, ref.Name)
	if gateway == nil {
		return nil, nil, fmt.Errorf("there is no Gateway %s/%s: create it or correct spec.gatewayRef", ref.Namespace, ref.Name)
	}
	return gateway, []string{"spec", "infrastructure", "annotations"}, nil
}

// support is whether an implementation has a feature.
type support int

const (
	// unknown: the GatewayClass lists no features.
	unknown support = iota
	supported
	unsupported
)

// feature reads status.supportedFeatures of the GatewayClass.
func (s Surroundings) feature(name features.FeatureName) support {
	if slices.Contains(s.known, name) {
		return supported
	}
	if s.GatewayClass == nil || len(s.GatewayClass.Status.SupportedFeatures) == 0 {
		return unknown
	}
	for _, f := range s.GatewayClass.Status.SupportedFeatures {
		if string(f.Name) == string(name) {
			return supported
		}
	}
	return unsupported
}

// canGRPC reports whether GRPCRoutes are served, and no GatewayClass says that its
// implementation does without them.
func (s Surroundings) canGRPC(in providers.Input) bool {
	return in.Served.Has(KindGRPCRoute) && s.feature(features.SupportGRPCRoute) != unsupported
}
