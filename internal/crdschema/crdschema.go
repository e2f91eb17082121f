// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package crdschema

import (
	"maps"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Serves reports whether a CRD serves a version, and, where path is not empty, a
// field of it: "spec.routingType". It does not ask whether the CRD is established.
func Serves(crd *apiextensionsv1.CustomResourceDefinition, version, path string) bool {
	for i := range crd.Spec.Versions {
		v := &crd.Spec.Versions[i]
		if v.Name == version && v.Served {
			return path == "" || find(rootOf(v), strings.Split(path, ".")) != nil
		}
	}
	return false
}

func rootOf(v *apiextensionsv1.CustomResourceDefinitionVersion) *apiextensionsv1.JSONSchemaProps {
	if v.Schema == nil {
		return nil
	}
	return v.Schema.OpenAPIV3Schema
}

// find returns the schema of a field; nil where there is none.
func find(root *apiextensionsv1.JSONSchemaProps, path []string) *apiextensionsv1.JSONSchemaProps {
	for _, name := range path {
		if root == nil {
			return nil
		}
		next, ok := root.Properties[name]
		if !ok {
			return nil
		}
		root = &next
	}
	return root
}

// Strip leaves of a CRD what Serves needs for some paths. Schemas are nearly all of
// its size.
func Strip(crd *apiextensionsv1.CustomResourceDefinition, paths []string) {
	for i := range crd.Spec.Versions {
		v := &crd.Spec.Versions[i]
		kept := &apiextensionsv1.JSONSchemaProps{}
		for _, path := range paths {
			if parts := strings.Split(path, "."); find(rootOf(v), parts) != nil {
				kept = with(kept, parts)
			}
		}
		stripped := apiextensionsv1.CustomResourceDefinitionVersion{Name: v.Name, Served: v.Served, Storage: v.Storage}
		if len(kept.Properties) > 0 {
			stripped.Schema = &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: kept}
		}
		crd.Spec.Versions[i] = stripped
	}
}

// with is a schema that has a field besides.
func with(root *apiextensionsv1.JSONSchemaProps, path []string) *apiextensionsv1.JSONSchemaProps {
	if len(path) == 0 {
		return root
	}
	below := root.Properties[path[0]]
	properties := maps.Clone(root.Properties)
	if properties == nil {
		properties = map[string]apiextensionsv1.JSONSchemaProps{}
	}
	properties[path[0]] = *with(&below, path[1:])
	return &apiextensionsv1.JSONSchemaProps{Properties: properties}
}
