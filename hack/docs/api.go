// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// readCRDs reads the CRDs of a directory, sorted by file name. No CRD at all is
// an error.
func readCRDs(dir string) ([]apiextensionsv1.CustomResourceDefinition, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s has no CRD", dir)
	}
	var crds []apiextensionsv1.CustomResourceDefinition
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading a CRD: %w", err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(content, &crd); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		crds = append(crds, crd)
	}
	return crds, nil
}

func apiPage(crds []apiextensionsv1.CustomResourceDefinition, conditions []condition) string {
	p := &page{}
	p.heading(1, "API")
	p.paragraph("`[]` after a field means each item of a list, `{}` each value of a map. " +
		"The API server checks what is under Validation before an object is stored.")
	for i := range crds {
		for _, version := range crds[i].Spec.Versions {
			writeKind(p, crds[i].Spec, version)
		}
	}
	writeConditions(p, conditions)
	return p.String()
}

func writeKind(p *page, crd apiextensionsv1.CustomResourceDefinitionSpec, v apiextensionsv1.CustomResourceDefinitionVersion) {
	p.heading(2, "%s", crd.Names.Kind)
	schema := v.Schema.OpenAPIV3Schema
	p.paragraph("%s", prose(schema.Description))
	p.list([]string{
		"apiVersion: " + code(crd.Group+"/"+v.Name),
		"kubectl: " + codes(append([]string{crd.Names.Plural}, crd.Names.ShortNames...)),
		"scope: " + string(crd.Scope),
	})
	for _, part := range []string{"spec", "status"} {
		if sub, ok := schema.Properties[part]; ok {
			p.heading(3, "%s %s", crd.Names.Kind, part)
			p.paragraph("%s", prose(sub.Description))
			p.list(rules(sub))
			p.table([]string{"Field", "Type", "Default", "Validation", "Description"}, fieldRows(part, sub))
		}
	}
}

// fieldRows lists the fields below a path, each parent before its children.
func fieldRows(path string, schema apiextensionsv1.JSONSchemaProps) [][]string {
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := schema.Properties[name]
		at := path + "." + name
		rows = append(rows, []string{
			code(at), typeName(field), defaultOf(field),
			strings.Join(validation(field, slices.Contains(schema.Required, name)), "; "),
			prose(field.Description),
		})
		if name == "conditions" {
			continue // They have a chapter of their own.
		}
		suffix, inner := innermost(field)
		rows = append(rows, fieldRows(at+suffix, inner)...)
	}
	return rows
}

// innermost looks through lists and maps to what they hold.
func innermost(schema apiextensionsv1.JSONSchemaProps) (string, apiextensionsv1.JSONSchemaProps) {
	switch {
	case schema.Items != nil && schema.Items.Schema != nil:
		suffix, inner := innermost(*schema.Items.Schema)
		return "[]" + suffix, inner
	case schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil:
		suffix, inner := innermost(*schema.AdditionalProperties.Schema)
		return "{}" + suffix, inner
	default:
		return "", schema
	}
}

func typeName(schema apiextensionsv1.JSONSchemaProps) string {
	switch {
	case schema.Items != nil && schema.Items.Schema != nil:
		return "list of " + typeName(*schema.Items.Schema)
	case schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil:
		return "map of " + typeName(*schema.AdditionalProperties.Schema)
	case schema.XIntOrString:
		return "integer or string"
	default:
		return schema.Type
	}
}

func defaultOf(schema apiextensionsv1.JSONSchemaProps) string {
	if schema.Default == nil {
		return ""
	}
	return code(string(schema.Default.Raw))
}
