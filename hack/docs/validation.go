// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// validation says in words what the API server checks of a field.
func validation(schema apiextensionsv1.JSONSchemaProps, required bool) []string {
	var says []string
	say := func(what string) {
		if what != "" {
			says = append(says, what)
		}
	}
	if required {
		say("required")
	}
	say(enum(schema))
	say(between(schema.MinLength, schema.MaxLength, "character"))
	say(between(schema.MinItems, schema.MaxItems, "item"))
	say(between(schema.MinProperties, schema.MaxProperties, "entry"))
	say(valueRange(schema.Minimum, schema.Maximum))
	if schema.Pattern != "" {
		say("matches " + code(schema.Pattern))
	}
	if len(schema.XListMapKeys) > 0 {
		say("unique by " + codes(schema.XListMapKeys))
	}
	if schema.XListType != nil && *schema.XListType == "set" {
		say("no item twice")
	}
	says = append(says, rules(schema)...)
	if schema.Items != nil && schema.Items.Schema != nil {
		for _, item := range validation(*schema.Items.Schema, false) {
			say("each: " + item)
		}
	}
	return says
}

// rules are the messages of the CEL rules.
func rules(schema apiextensionsv1.JSONSchemaProps) []string {
	var messages []string
	for _, rule := range schema.XValidations {
		message := rule.Message
		if message == "" {
			message = code(rule.Rule)
		}
		messages = append(messages, message)
	}
	return messages
}

func enum(schema apiextensionsv1.JSONSchemaProps) string {
	if len(schema.Enum) == 0 {
		return ""
	}
	values := make([]string, 0, len(schema.Enum))
	for _, value := range schema.Enum {
		values = append(values, strings.Trim(string(value.Raw), `"`))
	}
	return "one of " + codes(values)
}

func between(low, high *int64, unit string) string {
	switch {
	case low != nil && high != nil && *low == *high:
		return counted(*high, unit)
	case low != nil && high != nil && *low > 0:
		return fmt.Sprintf("%d to %s", *low, counted(*high, unit))
	case high != nil:
		return "at most " + counted(*high, unit)
	case low != nil && *low > 0:
		return "at least " + counted(*low, unit)
	default:
		return ""
	}
}

func counted(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	if stem, ok := strings.CutSuffix(unit, "y"); ok {
		unit = stem + "ie"
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

func valueRange(low, high *float64) string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	switch {
	case low != nil && high != nil:
		return number(*low) + " to " + number(*high)
	case high != nil:
		return "at most " + number(*high)
	case low != nil:
		return "at least " + number(*low)
	default:
		return ""
	}
}
