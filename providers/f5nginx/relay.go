// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/override"
)

// Exposed reports whether a client's l5d-dst-override passes through an object of the
// class.
//
// A VirtualServer or VirtualServerRoute is exposed where an action neither sets the
// header nor drops all headers of the client; redirects and returns do not count, nor
// does a route to a VirtualServerRoute, which counts itself. A TransportServer is
// exposed where it carries TCP: Linkerd's proxy sees the HTTP in it, as it does not in
// TLS that is passed through. An Ingress is exposed where nginx.org/proxy-set-headers
// does not set the header, and where it has gRPC, which the annotation leaves out; a
// master has no paths and does not count, but a minion is judged without the headers
// of its master.
//
// Snippets are not read, nor the Policies that an object names: externalAuth asks its
// Service with the client's own header.
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	if !servedBy(class, obj) {
		return false
	}
	switch obj.GroupVersionKind().GroupKind() {
	case providers.KindIngress.GroupKind():
		return ingressExposed(obj)
	case kindVirtualServer.GroupKind():
		return routesExposed(obj, "routes")
	case kindVirtualServerRoute.GroupKind():
		return routesExposed(obj, "subroutes")
	case kindTransportServer.GroupKind():
		protocol, _, _ := unstructured.NestedString(obj.Object, "spec", "listener", "protocol")
		return protocol != "UDP" && protocol != "TLS_PASSTHROUGH"
	default:
		return false
	}
}

func ingressExposed(obj *unstructured.Unstructured) bool {
	annotations := obj.GetAnnotations()
	if annotations[mergeableType] == "master" {
		return false
	}
	return annotations[grpcServices] != "" || !setsHeader(annotations[proxySetHeaders])
}

// setsHeader reads nginx.org/proxy-set-headers. An entry without a value passes the
// client's on (internal/configs/version1/header_parsing_helper.go); an empty value
// removes the header (nginx.org/en/docs/http/ngx_http_proxy_module.html,
// proxy_set_header).
func setsHeader(list string) bool {
	for entry := range strings.SplitSeq(list, ",") {
		name, value, hasValue := strings.Cut(entry, ":")
		if override.Is(strings.TrimSpace(name)) {
			return hasValue && fixed(value)
		}
	}
	return false
}

// fixed reports whether a client has no part in a value: it has none without a
// variable of NGINX.
func fixed(value string) bool { return !strings.Contains(value, "$") }

// routesExposed looks at the routes in a field of the spec.
func routesExposed(obj *unstructured.Unstructured, name string) bool {
	spec, _, err := unstructured.NestedMap(obj.Object, "spec")
	if err != nil {
		return true
	}
	grpc := grpcUpstreams(spec)
	return slices.ContainsFunc(items(spec, name), func(route any) bool { return routeExposed(route, grpc) })
}

// routeExposed looks at a route, a match or a split: each has an action, or has one
// somewhere below.
func routeExposed(route any, grpc map[string]bool) bool {
	m, ok := route.(map[string]any)
	if !ok {
		return true
	}
	if action, found := m["action"]; found && actionExposed(action, grpc) {
		return true
	}
	below := append(items(m, "splits"), items(m, "matches")...)
	return slices.ContainsFunc(below, func(item any) bool { return routeExposed(item, grpc) })
}

func actionExposed(action any, grpc map[string]bool) bool {
	m, ok := action.(map[string]any)
	if !ok {
		return true
	}
	if pass, _, _ := unstructured.NestedString(m, "pass"); pass != "" {
		return true
	}
	proxy, found, err := unstructured.NestedMap(m, "proxy")
	if !found || err != nil {
		return err != nil
	}
	set, _, _ := unstructured.NestedSlice(proxy, "requestHeaders", "set")
	for _, item := range set {
		if h, ok := item.(map[string]any); ok && isOverride(h["name"]) {
			value, _, _ := unstructured.NestedString(h, "value")
			return !fixed(value)
		}
	}
	return passesHeaders(proxy, grpc)
}

func isOverride(name any) bool {
	text, ok := name.(string)
	return ok && override.Is(text)
}

// passesHeaders reports whether requestHeaders.pass leaves the client's headers on. It
// is proxy_pass_request_headers, which gRPC has not (internal/configs/version2/
// nginx.virtualserver.tmpl).
func passesHeaders(proxy map[string]any, grpc map[string]bool) bool {
	upstream, _, _ := unstructured.NestedString(proxy, "upstream")
	pass, found, _ := unstructured.NestedBool(proxy, "requestHeaders", "pass")
	return !found || pass || grpc[upstream]
}

func grpcUpstreams(spec map[string]any) map[string]bool {
	grpc := map[string]bool{}
	for _, item := range items(spec, "upstreams") {
		if u, ok := item.(map[string]any); ok && u["type"] == "grpc" {
			name, _, _ := unstructured.NestedString(u, "name")
			grpc[name] = true
		}
	}
	return grpc
}

// items is a list in a map; what is no list is one item that nobody understands.
func items(m map[string]any, name string) []any {
	list, _, err := unstructured.NestedSlice(m, name)
	if err != nil {
		return []any{nil}
	}
	return list
}
