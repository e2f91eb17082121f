// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package providertest

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/meshingress/meshingress/internal/linkerd"
)

// destination is "<service>.<namespace>.svc.<domain>:<port>", literal or, for
// ingress-nginx, of the variables that its template sets in every location
// (kubernetes/ingress-nginx rootfs/etc/nginx/template/nginx.tmpl v1.15.1).
var destination = regexp.MustCompile(
	`^([a-z]([-a-z0-9]*[a-z0-9])?|\$service_name)\.([a-z0-9]([-a-z0-9]*[a-z0-9])?|\$namespace)` +
		`\.svc\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?:([1-9][0-9]{0,4}|\$service_port)$`)

// inText finds the header's value in configuration that is plain text.
var inText = regexp.MustCompile(linkerd.OverrideHeader + `["']?[ \t:=]+["']?([^"';\s]*)`)

// checkOverrides looks through all of a value for l5d-dst-override and checks
// what it is set to.
func checkOverrides(value any) []error {
	var errs []error
	for _, v := range overridesIn(value) {
		if text, ok := v.(string); !ok || !destination.MatchString(text) {
			errs = append(errs, fmt.Errorf("%s is set to %q, which is no destination", linkerd.OverrideHeader, fmt.Sprint(v)))
		}
	}
	return errs
}

// overridesIn lists what l5d-dst-override is set to in a value. It knows four forms: a
// map's key, with the value or with a map that holds it; a pair of name and value; and
// plain text.
func overridesIn(value any) []any {
	var found []any
	switch v := value.(type) {
	case map[string]any:
		return overridesInMap(v)
	case []any:
		for _, item := range v {
			found = append(found, overridesIn(item)...)
		}
	case string:
		for _, match := range inText.FindAllStringSubmatch(v, -1) {
			found = append(found, match[1])
		}
	}
	return found
}

func overridesInMap(m map[string]any) []any {
	var found []any
	for key, value := range m {
		name, _ := value.(string)
		switch {
		case isOverride(key):
			found = append(found, inner(value))
		case isOverride(name):
			found = append(found, m["value"])
		default:
			found = append(found, overridesIn(value)...)
		}
	}
	return found
}

// inner is the value of a header that is written as a map.
func inner(value any) any {
	m, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for _, key := range []string{"value", "text"} {
		if text, ok := m[key]; ok {
			return text
		}
	}
	return value
}

// hasOverride reports whether a map names the header by a value.
func hasOverride(m map[string]any) bool {
	for _, value := range m {
		if name, ok := value.(string); ok && isOverride(name) {
			return true
		}
	}
	return false
}

func isOverride(name string) bool { return strings.EqualFold(name, linkerd.OverrideHeader) }
