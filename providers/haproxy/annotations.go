// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxy

import (
	"strings"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
)

// prefix of what the operator writes. The controller takes haproxy.com/ and
// ingress.kubernetes.io/, and no prefix at all, for the same; before v3.2.0 any prefix
// (pkg/store/convert.go, cleanAnnotation; v3.1.17 there, CopyAnnotations).
const prefix = "haproxy.org/"

// Names of annotations, without the prefix.
const (
	requestSetHeader  = "request-set-header"
	serverProto       = "server-proto"
	standaloneBackend = "standalone-backend"
	ingressClass      = "ingress.class"
)

// ownAnnotations of the Ingress of a backend.
//
// request-set-header is the header's name, a space, and the value, which HAProxy reads
// as a log-format: "%" would begin a variable, a newline another header
// (pkg/annotations/ingress/reqSetHdr.go). The rule is "http-request set-header", which
// replaces what the client sent (pkg/haproxy/rules/setHdr.go).
//
// All Ingresses that name a Service and port share a backend of HAProxy, and the one
// that the controller takes last decides its protocol (pkg/service/service.go,
// HandleBackend); standalone-backend, of v1.11.0 and later, gives an Ingress its own.
func ownAnnotations(in providers.Input, b providers.Backend) map[string]string {
	own := map[string]string{
		prefix + requestSetHeader: linkerd.OverrideHeader + " " + b.Destination(in.ClusterDomain),
	}
	if b.H2C {
		own[prefix+serverProto] = "h2"
		own[prefix+standaloneBackend] = "true"
	}
	return own
}

// refusals are of spec.template. A request-set-header of the user's is refused, not
// merged: its lines could name our header in spellings that HAProxy reads as the same,
// and the last one wins.
func refusals() []annotations.Refusal {
	remedies := []annotations.Refusal{
		{Key: requestSetHeader, Remedy: "names the Service here, and there is one for all headers: set others in the " +
			"controller's ConfigMap, or in the application"},
		{Key: serverProto, Remedy: "follows the Service port's appProtocol: set that instead"},
		{Key: "server-ssl", Remedy: "hides the header from Linkerd, which encrypts by itself: remove it"},
		{Key: "server-ca", Remedy: "turns TLS to the pods on, which hides the header from Linkerd: remove it"},
		{Key: "server-crt", Remedy: "turns TLS to the pods on, which hides the header from Linkerd: remove it"},
		{Key: "ssl-passthrough", Remedy: "keeps the header out: remove it"},
		{Key: "send-proxy-protocol", Remedy: "hides the request from Linkerd: remove it"},
		{Key: "cr-backend", Remedy: "replaces the annotations of the backend and may set headers: remove it"},
		{Key: "cookie-persistence*", Remedy: "has no effect, because Linkerd chooses the pod: remove it"},
		{Key: "load-balance", Remedy: "has no effect, because Linkerd chooses the pod: remove it"},
	}
	all := annotations.ClassRefusal("*/"+ingressClass, ingressClass)
	for _, r := range remedies {
		all = append(all, anyPrefix(r)...)
	}
	return all
}

// anyPrefix is a refusal for all the keys that some version takes for the annotation.
func anyPrefix(r annotations.Refusal) []annotations.Refusal {
	if strings.HasSuffix(r.Key, "*") {
		var all []annotations.Refusal
		for _, p := range []string{prefix, "haproxy.com/", "ingress.kubernetes.io/", ""} {
			all = append(all, annotations.Refusal{Key: p + r.Key, Remedy: r.Remedy})
		}
		return all
	}
	return []annotations.Refusal{r, {Key: "*/" + r.Key, Remedy: r.Remedy}}
}

// values of an annotation under all the keys that some version takes for it.
func values(all map[string]string, name string) []string {
	var found []string
	for key, value := range all {
		if key == name || strings.HasSuffix(key, "/"+name) {
			found = append(found, value)
		}
	}
	return found
}
