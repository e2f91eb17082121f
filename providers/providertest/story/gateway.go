// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// The patterns and rules of the CRDs (kubernetes-sigs/gateway-api config/crd/standard
// v1.6.1).
var (
	gatewayHost   = regexp.MustCompile(`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	gatewayPath   = regexp.MustCompile(`^/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})*$`)
	gatewayMethod = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9.]*$`)
)

// GatewayRoute is a grammar for providertest.Fuzz: what is wrong with an HTTPRoute or
// GRPCRoute. It checks what the CRDs check, by which no path or host is read as a
// pattern, and what implementations expand in the value of a header: "%" for Envoy
// (envoyproxy/envoy source/common/router/header_parser.cc), "$" for NGINX.
func GatewayRoute(obj *unstructured.Unstructured) []error {
	if obj.GetKind() == "GRPCRoute" {
		return grpcRoute(obj)
	}
	route := &gatewayv1.HTTPRoute{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, route, true); err != nil {
		return []error{err}
	}
	errs := gatewayHosts(route.Spec.Hostnames)
	for _, rule := range route.Spec.Rules {
		for _, m := range rule.Matches {
			errs = append(errs, httpMatch(m)...)
		}
		filters := rule.Filters
		for _, b := range rule.BackendRefs {
			filters = append(filters, b.Filters...)
		}
		for _, filter := range filters {
			errs = append(errs, gatewayHeader(filter.RequestHeaderModifier)...)
		}
	}
	return errs
}

func grpcRoute(obj *unstructured.Unstructured) []error {
	route := &gatewayv1.GRPCRoute{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, route, true); err != nil {
		return []error{err}
	}
	errs := gatewayHosts(route.Spec.Hostnames)
	for _, rule := range route.Spec.Rules {
		for _, m := range rule.Matches {
			if *m.Method.Type != gatewayv1.GRPCMethodMatchExact || !gatewayMethod.MatchString(*m.Method.Service) ||
				(m.Method.Method != nil && !gatewayMethod.MatchString(*m.Method.Method)) {
				errs = append(errs, fmt.Errorf("the method is %+v", m.Method))
			}
		}
		for _, filter := range rule.Filters {
			errs = append(errs, gatewayHeader(filter.RequestHeaderModifier)...)
		}
	}
	return errs
}

func gatewayHosts(all []gatewayv1.Hostname) []error {
	var errs []error
	for _, h := range all {
		if !gatewayHost.MatchString(string(h)) {
			errs = append(errs, fmt.Errorf("the host is %q", h))
		}
	}
	return errs
}

func httpMatch(m gatewayv1.HTTPRouteMatch) []error {
	text := *m.Path.Value
	slashed := text + "/"
	literal := *m.Path.Type == gatewayv1.PathMatchExact || *m.Path.Type == gatewayv1.PathMatchPathPrefix
	if !literal || !gatewayPath.MatchString(text) || strings.Contains(text, "//") ||
		strings.Contains(slashed, "/./") || strings.Contains(slashed, "/../") || strings.Contains(strings.ToLower(text), "%2f") {
		return []error{fmt.Errorf("the path is %s %q", *m.Path.Type, text)}
	}
	return nil
}

func gatewayHeader(f *gatewayv1.HTTPHeaderFilter) []error {
	if f == nil || len(f.Set) != 1 || len(f.Add)+len(f.Remove) > 0 || strings.ContainsAny(f.Set[0].Value, "%$\"\\{}\n, ;") {
		return []error{fmt.Errorf("the header is %+v", f)}
	}
	return nil
}
