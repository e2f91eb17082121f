// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

const (
	// defaultID is that of an installation without AMBASSADOR_ID, and of an object
	// without ambassador_id (config/config.py, good_ambassador_id).
	defaultID = "default"

	// anyID makes an object everybody's.
	anyID = "_automatic_"
)

// ids are those of the class as objects carry them; empty for the default.
func ids(class providers.Class) []string {
	if class.Spec.Emissary == nil {
		return nil
	}
	return class.Spec.Emissary.AmbassadorIDs
}

// ambassadorIDs are the values of AMBASSADOR_ID of a class's installation.
type ambassadorIDs struct{}

// ClassValues implements providers.ClassValues.
func (ambassadorIDs) ClassValues(spec v1alpha1.MeshIngressClassSpec) []string {
	return orDefault(ids(providers.Class{Spec: spec}))
}

// theirs are the objects of a kind that the class's installation reads and that were
// not generated for the MeshIngress.
func theirs(in providers.Input, k providers.Kind) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, obj := range in.Objects {
		if objects.Is(obj, k) && !in.Owns(obj) && reads(in.Class, obj) {
			all = append(all, obj)
		}
	}
	return all
}

// reads reports whether an installation of the class takes an object.
func reads(class providers.Class, obj *unstructured.Unstructured) bool {
	mine, want := orDefault(ids(class)), orDefault(list(obj, "ambassador_id"))
	return slices.ContainsFunc(want, func(id string) bool { return id == anyID || slices.Contains(mine, id) })
}

func orDefault(ids []string) []string {
	if len(ids) == 0 {
		return []string{defaultID}
	}
	return ids
}

// text is a field of spec; empty where it is not there or no string.
func text(obj *unstructured.Unstructured, field ...string) string {
	s, _, _ := unstructured.NestedString(obj.Object, append([]string{"spec"}, field...)...)
	return s
}

func list(obj *unstructured.Unstructured, field string) []string {
	l, _, _ := unstructured.NestedStringSlice(obj.Object, "spec", field)
	return l
}
