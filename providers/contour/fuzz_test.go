// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	contourv1 "github.com/projectcontour/contour/apis/projectcontour/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, contour.New(), grammar) }

// grammar checks what Contour and Envoy read as more than a literal: "%" in the
// value of a header (internal/dag/policy.go v1.33.8, escapeHeaderValue, leaves what
// Envoy expands as it is), a Secret of another namespace behind "/"
// (internal/k8s/objectmeta.go v1.33.8, NamespacedNameFrom), and conditions on paths
// that do not begin with "/" or are none at all, which match everything
// (internal/dag/conditions.go v1.33.8).
func grammar(obj *unstructured.Unstructured) []error {
	proxy := &contourv1.HTTPProxy{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, proxy); err != nil {
		return []error{err}
	}
	var errs []error
	if host := proxy.Spec.VirtualHost; host.TLS != nil && strings.Contains(host.TLS.SecretName, "/") {
		errs = append(errs, fmt.Errorf("the Secret is %q", host.TLS.SecretName))
	}
	for _, r := range proxy.Spec.Routes {
		for _, s := range r.Services {
			if slices.ContainsFunc(s.RequestHeadersPolicy.Set, func(h contourv1.HeaderValue) bool {
				return strings.ContainsAny(h.Name+h.Value, "%\"\\\n, ")
			}) {
				errs = append(errs, fmt.Errorf("a header is %v", s.RequestHeadersPolicy.Set))
			}
		}
		if len(r.Conditions) != 1 || !isPath(r.Conditions[0]) {
			errs = append(errs, fmt.Errorf("the conditions are %+v", r.Conditions))
		}
	}
	return errs
}

func isPath(c contourv1.MatchCondition) bool {
	return strings.HasPrefix(c.Prefix+c.Exact, "/") && (c.Prefix == "" || c.Exact == "") &&
		c.Regex == "" && c.Header == nil && c.QueryParameter == nil
}
