// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, emissary.New(), grammar) }

const label = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`

var (
	// service is what ir/irbasemapping.py, normalize_service_name, and ir/ircluster.py
	// take without error and without change: lower case, no user, path, query or "%".
	service = regexp.MustCompile(`^http://` + label + `\.` + label + `\.svc(\.` + label + `)+:[1-9][0-9]*$`)

	// glob has its "*" alone, or before the first dot (ir/irutils.py, hostglob_matches).
	glob = regexp.MustCompile(`^(\*|(\*\.)?` + label + `(\.` + label + `)*)$`)
)

// grammar checks what would make Emissary read more than literals in a Mapping or Host.
func grammar(obj *unstructured.Unstructured) []error {
	var errs []error
	spec, _, _ := unstructured.NestedMap(obj.Object, "spec")
	if strings.Contains(obj.GetName(), ".") {
		errs = append(errs, fmt.Errorf("the name %q ends for Emissary's cache at its dot", obj.GetName()))
	}
	if hostname, ok := spec["hostname"].(string); !ok || !glob.MatchString(hostname) {
		errs = append(errs, fmt.Errorf("hostname %q is no glob", spec["hostname"]))
	}
	if obj.GetKind() == "Host" {
		return append(errs, fields(spec, "hostname", "tlsSecret", "ambassador_id")...)
	}
	if s, ok := spec["service"].(string); !ok || !service.MatchString(s) {
		errs = append(errs, fmt.Errorf("service %q is not http, a name and a port", spec["service"]))
	}
	if path, ok := spec["prefix"].(string); !ok || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?# ") {
		errs = append(errs, fmt.Errorf("prefix %q is no path", spec["prefix"]))
	}
	return append(errs, fields(spec, "hostname", "prefix", "prefix_exact", "precedence", "rewrite", "resolver",
		"service", "weight", "grpc", "ambassador_id")...)
}

// fields allows some fields only: prefix_regex or host_regex would make expressions of
// what is meant as it is.
func fields(spec map[string]any, allowed ...string) []error {
	var errs []error
	for name := range spec {
		if !slices.Contains(allowed, name) {
			errs = append(errs, fmt.Errorf("has the field %s", name))
		}
	}
	return errs
}
