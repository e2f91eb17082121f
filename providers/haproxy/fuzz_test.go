// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxy_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/haproxy"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, haproxy.New(), grammar) }

// header is one line with a value in which HAProxy finds no variable, quote or escape.
var header = regexp.MustCompile(`^l5d-dst-override [-a-z0-9.]+:[0-9]+$`)

// grammar checks the header, and that no host or path ends the key of a map, which
// white space does, or makes a comment of it (haproxytech/kubernetes-ingress
// pkg/route/route.go v3.2.11; haproxy/haproxy src/pattern.c, pat_ref_read_from_file_smp).
func grammar(obj *unstructured.Unstructured) []error {
	ing, ok := ingresses.Decode(obj)
	if !ok {
		return []error{fmt.Errorf("it is no Ingress")}
	}
	var errs []error
	if value := ing.Annotations["haproxy.org/request-set-header"]; !header.MatchString(value) {
		errs = append(errs, fmt.Errorf("the header is %q", value))
	}
	for _, rule := range ing.Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			if key := rule.Host + path.Path; !strings.HasPrefix(path.Path, "/") || strings.ContainsAny(key, " \t\n\r#\"\\") {
				errs = append(errs, fmt.Errorf("a key of the map is %q", key))
			}
		}
	}
	return errs
}
