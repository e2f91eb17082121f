// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package olmbundle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/hack/dist/internal/descriptors"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
)

// owned describes the CRDs, each of their versions.
func (s *sorted) owned() ([]operatorsv1alpha1.CRDDescription, error) {
	registry, err := all.New()
	if err != nil {
		return nil, fmt.Errorf("listing the vendors: %w", err)
	}
	var result []operatorsv1alpha1.CRDDescription
	for _, crd := range s.crds {
		for _, v := range crd.Spec.Versions {
			root := v.Schema.OpenAPIV3Schema
			result = append(result, operatorsv1alpha1.CRDDescription{
				Name: crd.Name, Version: v.Name, Kind: crd.Spec.Names.Kind, DisplayName: crd.Spec.Names.Kind,
				Description:       strings.Join(strings.Fields(root.Description), " "),
				SpecDescriptors:   descriptors.Spec(root.Properties["spec"]),
				StatusDescriptors: descriptors.Status(root.Properties["status"]),
				Resources:         resources(crd.Spec.Names.Kind, registry),
			})
		}
	}
	return result, nil
}

// resources are the kinds that the operator writes for a custom resource: routes and
// what they need for a MeshIngress, workloads and what stands for them for a
// MeshIngressClass.
func resources(kind string, registry *providers.Registry) []operatorsv1alpha1.APIResourceReference {
	var kinds []providers.Kind
	for _, p := range registry.All() {
		d := p.Describe()
		if kind == "MeshIngress" {
			kinds = append(kinds, d.Writes...)
		} else {
			kinds = append(kinds, slices.Concat(d.Patches, d.DataPlane.Kinds)...)
		}
	}
	if kind != "MeshIngress" {
		kinds = append(kinds, workloads()...)
	}
	var result []operatorsv1alpha1.APIResourceReference
	for _, k := range kinds {
		r := operatorsv1alpha1.APIResourceReference{Kind: k.Kind, Version: k.Version}
		if !k.BuiltIn {
			r.Name = k.CRDName()
		}
		if !slices.Contains(result, r) {
			result = append(result, r)
		}
	}
	slices.SortFunc(result, func(a, b operatorsv1alpha1.APIResourceReference) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return result
}

func workloads() []providers.Kind {
	var kinds []providers.Kind
	for _, kind := range []string{"DaemonSet", "Deployment", "StatefulSet"} {
		kinds = append(kinds, providers.Kind{
			GroupVersionKind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: kind}, BuiltIn: true,
		})
	}
	return kinds
}
