// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"
)

// permissionsFile is written by hack/rbac. It knows the vendors.
const permissionsFile = "files/permissions.yaml"

// fromHelm is the only value that is not in values.yaml: Helm adds it by itself where the
// chart is a dependency of another one.
const fromHelm = "global"

// completeSchema returns a values.schema.json with the descriptions of the values, and
// with the vendors of a permissions.yaml in its definitions vendor and optIn.
func completeSchema(content []byte, values []value, permissions []byte) ([]byte, error) {
	schema := map[string]any{}
	if err := json.Unmarshal(content, &schema); err != nil {
		return nil, fmt.Errorf("reading values.schema.json: %w", err)
	}
	if err := setVendors(schema, permissions); err != nil {
		return nil, err
	}
	properties := maps.Clone(object(schema, "properties"))
	delete(properties, fromHelm)
	if err := describe(properties, values, "values.schema.json"); err != nil {
		return nil, err
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		return nil, fmt.Errorf("writing values.schema.json: %w", err)
	}
	return written.Bytes(), nil
}

// describe gives each property the description of its value. Both must name the same.
func describe(properties map[string]any, values []value, where string) error {
	left := maps.Clone(properties)
	for _, v := range values {
		key := v.path[len(v.path)-1]
		property := object(properties, key)
		if property == nil {
			return fmt.Errorf("%s has no property %s of values.yaml", where, v.name())
		}
		if v.description == "" {
			return fmt.Errorf("%s of values.yaml has no comment", v.name())
		}
		delete(left, key)
		property["description"] = v.description
		if children := object(property, "properties"); children != nil {
			if err := describe(children, v.children, v.name()+" in "+where); err != nil {
				return err
			}
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("%s has properties that values.yaml does not list: %v", where, slices.Sorted(maps.Keys(left)))
	}
	return nil
}

func setVendors(schema map[string]any, permissions []byte) error {
	var rules struct {
		Vendors map[string]struct {
			OptIn any `json:"optIn"`
		} `json:"vendors"`
	}
	if err := yaml.Unmarshal(permissions, &rules); err != nil {
		return fmt.Errorf("reading %s: %w", permissionsFile, err)
	}
	vendors := slices.Sorted(maps.Keys(rules.Vendors))
	optIns := slices.DeleteFunc(slices.Clone(vendors), func(v string) bool { return rules.Vendors[v].OptIn == nil })
	for name, enum := range map[string][]string{"vendor": vendors, "optIn": optIns} {
		definition := object(object(schema, "$defs"), name)
		if definition == nil {
			return fmt.Errorf("values.schema.json has no definition %s", name)
		}
		definition["enum"] = enum
	}
	return nil
}

// object is what parent has under key, where that is an object.
func object(parent map[string]any, key string) map[string]any {
	child, _ := parent[key].(map[string]any)
	return child
}
