// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package descriptors

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

const (
	ui         = "urn:alm:descriptor:com.tectonic.ui:"
	kubernetes = "urn:alm:descriptor:io.kubernetes:"
	text       = ui + "text"
	conditions = "urn:alm:descriptor:io.kubernetes.conditions"
)

var onlyWhere = regexp.MustCompile(`^!has\(self\.(\w+)\) \|\| self\.(\w+) == '(\w+)'$`)

// Spec describes every field of the schema of a spec: objects and lists, and what is
// in them. A field that a rule of the schema ties to the value of another one depends
// on it.
func Spec(spec apiextensionsv1.JSONSchemaProps) []operatorsv1alpha1.SpecDescriptor {
	var result []operatorsv1alpha1.SpecDescriptor
	for _, f := range fields(spec) {
		x := specCapabilities(f)
		for _, t := range f.ties {
			x = append(x, ui+"fieldDependency:"+t.to+":"+t.value)
		}
		result = append(result, operatorsv1alpha1.SpecDescriptor{
			Path: f.path, DisplayName: f.displayName(), Description: f.description(), XDescriptors: x,
		})
	}
	return result
}

// Status describes every field of the schema of a status, and what is in its lists, but
// for what a console does not show: the fields of a condition, which it knows, and lists
// that are in lists. Lists come last, because they are long.
func Status(status apiextensionsv1.JSONSchemaProps) []operatorsv1alpha1.StatusDescriptor {
	var single, lists []operatorsv1alpha1.StatusDescriptor
	for _, f := range fields(status) {
		if strings.HasPrefix(f.path, "conditions[0]") || strings.Count(f.path, "[0]") > 1 {
			continue
		}
		d := operatorsv1alpha1.StatusDescriptor{
			Path: f.path, DisplayName: f.displayName(), Description: f.description(),
			XDescriptors: statusCapabilities(f),
		}
		if f.schema.Type == "array" || strings.Contains(f.path, "[0]") {
			lists = append(lists, d)
		} else {
			single = append(single, d)
		}
	}
	return slices.Concat(single, lists)
}

// specCapabilities say how a field is edited.
func specCapabilities(f field) []string {
	var x []string
	switch {
	case len(f.schema.Enum) > 0:
		for _, value := range f.schema.Enum {
			x = append(x, ui+"select:"+enumValue(value))
		}
	case f.schema.Type == "boolean":
		x = append(x, ui+"booleanSwitch")
	case f.schema.Type == "integer":
		x = append(x, ui+"number")
	case f.schema.Type == "string" && f.kind() != "":
		x = append(x, kubernetes+f.kind())
	case f.schema.Type == "string":
		x = append(x, text)
	case isSelector(f.schema) && strings.Contains(f.schema.Description, "Namespaces"):
		x = append(x, ui+"selector:core:v1:Namespace")
	}
	return x
}

// statusCapabilities say how a field is shown.
func statusCapabilities(f field) []string {
	switch {
	case f.path == "conditions":
		return []string{conditions}
	case f.schema.Type == "string", f.schema.Type == "integer":
		return []string{text}
	default:
		return nil
	}
}

func enumValue(value apiextensionsv1.JSON) string {
	var s string
	if json.Unmarshal(value.Raw, &s) == nil {
		return s
	}
	return string(value.Raw)
}

// field is one field of a schema.
type field struct {
	// path from the root: "rules[0].host".
	path   string
	schema apiextensionsv1.JSONSchemaProps

	// ties to the value of another field, of this field and of those that it is in.
	ties []tie
}

// tie of a field to the value that another one must have.
type tie struct{ field, to, value string }

// fields lists all fields, those of the objects in lists included, a parent before its
// children. On each level the required ones come first and those that go with the value of
// another one come last.
func fields(root apiextensionsv1.JSONSchemaProps) []field {
	var result []field
	var walk func(prefix string, schema apiextensionsv1.JSONSchemaProps, inherited []tie)
	walk = func(prefix string, schema apiextensionsv1.JSONSchemaProps, inherited []tie) {
		ties := tied(schema)
		for _, name := range order(schema, ties) {
			f := field{path: prefix + name, schema: schema.Properties[name], ties: inherited}
			if t, ok := ties[name]; ok {
				f.ties = append(slices.Clip(inherited), t)
			}
			result = append(result, f)
			switch {
			case isSelector(f.schema):
			case f.schema.Items != nil:
				walk(f.path+"[0].", *f.schema.Items.Schema, f.ties)
			default:
				walk(f.path+".", f.schema, f.ties)
			}
		}
	}
	walk("", root, nil)
	return result
}

func order(schema apiextensionsv1.JSONSchemaProps, ties map[string]tie) []string {
	rank := func(name string) int {
		_, isTied := ties[name]
		switch {
		case slices.Contains(schema.Required, name):
			return 0
		case isTied:
			return 2
		default:
			return 1
		}
	}
	return slices.SortedFunc(maps.Keys(schema.Properties), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}

// tied returns, by name, the fields that a rule allows only where another one has a
// certain value: "!has(self.a) || self.b == 'V'".
func tied(schema apiextensionsv1.JSONSchemaProps) map[string]tie {
	ties := map[string]tie{}
	for _, rule := range schema.XValidations {
		if m := onlyWhere.FindStringSubmatch(rule.Rule); m != nil {
			ties[m[1]] = tie{field: m[1], to: m[2], value: m[3]}
		}
	}
	return ties
}

// isSelector reports whether the schema is that of a label selector, which a console
// knows as a whole.
func isSelector(schema apiextensionsv1.JSONSchemaProps) bool {
	_, hasLabels := schema.Properties["matchLabels"]
	_, hasExpressions := schema.Properties["matchExpressions"]
	return hasLabels && hasExpressions
}

// kind is the Kubernetes kind whose name a string is, if any.
func (f field) kind() string {
	switch {
	case strings.HasSuffix(f.path, "secretName"):
		return "Secret"
	case strings.HasSuffix(f.path, "serviceAccountName"):
		return "ServiceAccount"
	case strings.HasSuffix(f.path, "service.name"), f.path == "dataPlane.serviceRef.name":
		return "Service"
	default:
		return ""
	}
}

// description is that of the schema, on one line.
func (f field) description() string { return strings.Join(strings.Fields(f.schema.Description), " ") }
