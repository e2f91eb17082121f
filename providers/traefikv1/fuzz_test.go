// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefikv1_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/providertest"
	"github.com/meshingress/meshingress/providers/traefikv1"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, traefikv1.New(), grammar) }

var (
	header = regexp.MustCompile(`^l5d-dst-override:[-a-z0-9.]+:[0-9]+$`)
	ending = regexp.MustCompile(`\{end:\$(\|/)?\}$`)
)

// grammar checks the header, which "||" would end; and that no host or path ends a rule
// or an argument of it, begins an expression, or ends a quoted string of TOML or an
// expression of its template (traefik/traefik rules/rules.go, parseRules;
// templates/kubernetes.tmpl; v1.7.34).
func grammar(obj *unstructured.Unstructured) []error {
	ing, ok := ingresses.Decode(obj)
	if !ok {
		return []error{fmt.Errorf("it is no Ingress")}
	}
	var errs []error
	if value := ing.Annotations["ingress.kubernetes.io/custom-request-headers"]; !header.MatchString(value) {
		errs = append(errs, fmt.Errorf("the header is %q", value))
	}
	for _, rule := range ing.Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			plain := rule.Host + ending.ReplaceAllString(path.Path, "")
			if !strings.HasPrefix(path.Path, "/") || strings.ContainsAny(plain, ",;:{}%\"\\ \n") {
				errs = append(errs, fmt.Errorf("a rule is made of %q and %q", rule.Host, path.Path))
			}
		}
	}
	return errs
}
