// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/haproxyingress"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, haproxyingress.New(), grammar) }

var (
	header   = regexp.MustCompile(`^(l5d-dst-override: [-a-z0-9.]+:[0-9]+)?$`)
	question = regexp.MustCompile(`^(http://[-a-z0-9.]+:[0-9]+/[-A-Za-z0-9/._~]*)?$`)
)

// grammar checks the header, which goes into haproxy.cfg without quotes; the URL, whose
// path does too; and that no host or path ends the key of a map, ends the quotes that
// some directives put it in, or holds the "#" that parts the two
// (jcmoraisjr/haproxy-ingress rootfs/etc/templates/haproxy/haproxy.tmpl,
// pkg/haproxy/types/maps.go v0.16.1).
func grammar(obj *unstructured.Unstructured) []error {
	ing, ok := ingresses.Decode(obj)
	if !ok {
		return []error{fmt.Errorf("it is no Ingress")}
	}
	var errs []error
	if value := ing.Annotations["haproxy-ingress.github.io/headers"]; !header.MatchString(value) {
		errs = append(errs, fmt.Errorf("the header is %q", value))
	}
	if value := ing.Annotations["haproxy-ingress.github.io/auth-url"]; !question.MatchString(value) {
		errs = append(errs, fmt.Errorf("the question goes to %q", value))
	}
	for _, rule := range ing.Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			if key := rule.Host + path.Path; !strings.HasPrefix(path.Path, "/") || strings.ContainsAny(key, " \t\n\r#'\"\\") {
				errs = append(errs, fmt.Errorf("a key of the map is %q", key))
			}
		}
	}
	return errs
}
