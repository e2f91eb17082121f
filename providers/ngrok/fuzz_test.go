// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ngrok_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshingress/meshingress/providers/ngrok"
	"github.com/meshingress/meshingress/providers/providertest"
)

func FuzzTranslate(f *testing.F) { providertest.Fuzz(f, ngrok.New(), grammar) }

// grammar checks what ngrok/ngrok-operator ngrok-operator-0.22.0 makes of a route: the
// path goes between single quotes into an expression of a traffic policy
// (pkg/managerdriver/translator.go, irMatchCriteriaToTPExpressions), where a quote or a
// backslash would end the literal, and "${" would begin another expression; the host
// goes into a URL (buildPublicURL there).
func grammar(obj *unstructured.Unstructured) []error {
	if obj.GetKind() == "HTTPRoute" {
		return checkHTTPRoute(obj)
	}
	var ing networkingv1.Ingress
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, &ing); err != nil {
		return []error{err}
	}
	var errs []error
	if s := ing.Spec; s.IngressClassName == nil || len(s.Rules) == 0 || len(s.TLS) > 0 || s.DefaultBackend != nil {
		errs = append(errs, fmt.Errorf("the spec is %+v", ing.Spec))
	}
	for _, r := range ing.Spec.Rules {
		errs = append(errs, checkHost(r.Host)...)
		for _, p := range r.HTTP.Paths {
			errs = append(errs, checkPath(p.Path, *p.PathType == networkingv1.PathTypePrefix)...)
		}
	}
	return errs
}

func checkHTTPRoute(obj *unstructured.Unstructured) []error {
	var route gatewayv1.HTTPRoute
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, &route); err != nil {
		return []error{err}
	}
	var errs []error
	if len(route.Spec.Hostnames) != 1 || len(route.Spec.ParentRefs) != 1 {
		return []error{fmt.Errorf("the spec is %+v", route.Spec)}
	}
	errs = append(errs, checkHost(string(route.Spec.Hostnames[0]))...)
	for _, r := range route.Spec.Rules {
		for _, m := range r.Matches {
			errs = append(errs, checkPath(*m.Path.Value, *m.Path.Type == gatewayv1.PathMatchPathPrefix)...)
		}
	}
	return errs
}

var hostGrammar = regexp.MustCompile(`^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

func checkHost(host string) []error {
	if hostGrammar.MatchString(host) {
		return nil
	}
	return []error{fmt.Errorf("the host is %q", host)}
}

// checkPath knows that a prefix is one of strings: without a slash at its end, /foo
// takes /foobar.
func checkPath(path string, isPrefix bool) []error {
	if strings.HasPrefix(path, "/") && !strings.ContainsAny(path, "'\"\\\n{}") && (!isPrefix || strings.HasSuffix(path, "/")) {
		return nil
	}
	return []error{fmt.Errorf("the path is %q, a prefix: %v", path, isPrefix)}
}
