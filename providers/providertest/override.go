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
var inText = regexp.MustCompile(linkerd.OverrideHeader + `["']?[\s:=]+["']?([^"';\s]*)`)

// checkOverrides looks through all of a value for l5d-dst-override and checks
// what it is set to. It knows three forms: a map's key, a pair of name and value,
// and plain text.
func checkOverrides(value any) []error {
	switch v := value.(type) {
	case map[string]any:
		return checkOverridesInMap(v)
	case []any:
		var errs []error
		for _, item := range v {
			errs = append(errs, checkOverrides(item)...)
		}
		return errs
	case string:
		return checkOverridesInText(v)
	default:
		return nil
	}
}

func checkOverridesInMap(m map[string]any) []error {
	var errs []error
	if name, ok := m["name"].(string); ok && isOverride(name) {
		errs = append(errs, checkDestination(m["value"])...)
	}
	for key, value := range m {
		if isOverride(key) {
			errs = append(errs, checkDestination(value)...)
			continue
		}
		errs = append(errs, checkOverrides(value)...)
	}
	return errs
}

func isOverride(name string) bool { return strings.EqualFold(name, linkerd.OverrideHeader) }

func checkOverridesInText(text string) []error {
	var errs []error
	for _, match := range inText.FindAllStringSubmatch(text, -1) {
		errs = append(errs, checkDestination(match[1])...)
	}
	return errs
}

func checkDestination(value any) []error {
	text, ok := value.(string)
	if ok && destination.MatchString(text) {
		return nil
	}
	return []error{fmt.Errorf("%s is set to %q, which is no destination", linkerd.OverrideHeader, fmt.Sprint(value))}
}
