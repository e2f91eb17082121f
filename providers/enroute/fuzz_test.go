// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/enroute"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, enroute.New(), grammar) }

const label = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`

// fqdn is a domain of an Envoy virtual host: "*" alone, or before the first dot.
var fqdn = regexp.MustCompile(`^(\*|(\*\.)?` + label + `(\.` + label + `)*)$`)

// secret has no "/", before which EnRoute would read a namespace
// (enroute-dp/internal/dag/builder.go, splitSecret).
var secret = regexp.MustCompile(`^` + label + `(\.` + label + `)*$`)

// grammar checks what would make EnRoute read more than literals in a GatewayHost.
func grammar(obj *unstructured.Unstructured) []error {
	var errs []error
	host, _, _ := unstructured.NestedString(obj.Object, "spec", "virtualhost", "fqdn")
	if !fqdn.MatchString(host) {
		errs = append(errs, fmt.Errorf("fqdn %q is no domain", host))
	}
	name, tls, _ := unstructured.NestedString(obj.Object, "spec", "virtualhost", "tls", "secretName")
	if tls && (!secret.MatchString(name) || strings.Contains(host, "*")) {
		errs = append(errs, fmt.Errorf("the Secret %q of %q is none of this namespace, or of a wildcard", name, host))
	}
	routes, _, _ := unstructured.NestedSlice(obj.Object, "spec", "routes")
	if len(routes) == 0 {
		errs = append(errs, fmt.Errorf("no routes"))
	}
	for _, r := range routes {
		errs = append(errs, checkRoute(r.(map[string]any))...)
	}
	return errs
}

func checkRoute(route map[string]any) []error {
	var errs []error
	conditions, _, _ := unstructured.NestedSlice(route, "conditions")
	prefix, _, _ := unstructured.NestedString(conditions[0].(map[string]any), "prefix")
	if len(conditions) != 1 || !strings.HasPrefix(prefix, "/") || strings.ContainsAny(prefix, "^+*[]%?# ") ||
		strings.Contains(prefix, "//") {
		errs = append(errs, fmt.Errorf("conditions %v are not one prefix that is no expression", conditions))
	}
	services, _, _ := unstructured.NestedSlice(route, "services")
	for _, s := range services {
		name, _, _ := unstructured.NestedString(s.(map[string]any), "name")
		if !regexp.MustCompile(`^` + label + `$`).MatchString(name) {
			errs = append(errs, fmt.Errorf("service %q is no name", name))
		}
	}
	for field := range route {
		if field != "conditions" && field != "services" {
			errs = append(errs, fmt.Errorf("has the field %s", field))
		}
	}
	return errs
}
