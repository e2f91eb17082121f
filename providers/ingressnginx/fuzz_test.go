// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, New(), grammar) }

// grammar checks that no value ends an argument, a directive or a block of nginx.conf,
// or begins a variable or a comment: all of them are written there as they are
// (kubernetes/ingress-nginx rootfs/etc/nginx/template/nginx.tmpl v1.15.1), by the
// grammar of nginx/nginx src/core/ngx_conf_file.c. In a location "(", "*" and "~"
// would make a regular expression.
func grammar(obj *unstructured.Unstructured) []error {
	var errs []error
	for key, value := range obj.GetAnnotations() {
		if strings.ContainsAny(value, "$\"'`\\;{}#\n ") {
			errs = append(errs, fmt.Errorf("the annotation %s is %q", key, value))
		}
	}
	rules, _, _ := unstructured.NestedSlice(obj.Object, "spec", "rules")
	for _, rule := range rules {
		host, _, _ := unstructured.NestedString(rule.(map[string]any), "host")
		if strings.ContainsAny(strings.TrimPrefix(host, "*."), "$\"'`\\;{}#\n *~") {
			errs = append(errs, fmt.Errorf("a host is %q", host))
		}
		paths, _, _ := unstructured.NestedSlice(rule.(map[string]any), "http", "paths")
		for _, p := range paths {
			path, _, _ := unstructured.NestedString(p.(map[string]any), "path")
			if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "$\"'`\\;{}#\n *~()[]^|?+") {
				errs = append(errs, fmt.Errorf("a path is %q", path))
			}
		}
	}
	return errs
}
