// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefikv1

import (
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
)

const (
	// prefix of annotations, which all exist with the second one too.
	prefix       = "ingress.kubernetes.io/"
	secondPrefix = "traefik."

	customRequestHeaders = prefix + "custom-request-headers"
)

// ownAnnotations of the Ingresses of a backend. custom-request-headers is
// "<name>:<value>", more of them separated by "||" (provider/label/label.go,
// ParseMapValue), and sets what the client sent anew (middlewares/headers.go,
// ModifyRequestHeaders). Without protocol, Traefik speaks TLS to port 443 and to ports
// whose names begin with "https" (provider/kubernetes/kubernetes.go, loadIngresses),
// which would hide the header from Linkerd. It knows h2c since v1.7.0.
func ownAnnotations(in providers.Input, b providers.Backend) map[string]string {
	own := map[string]string{
		customRequestHeaders: linkerd.OverrideHeader + ":" + b.Destination(in.ClusterDomain),
		prefix + "protocol":  "http",
	}
	if b.H2C {
		own[prefix+"protocol"] = "h2c"
	}
	return own
}

// refusals are of spec.template, in all the spellings that Traefik takes
// (provider/kubernetes/annotations.go, getAnnotationName and compatibilityMapping).
// Headers of the user's are refused, not merged: a second value for ours would win or
// lose by chance, because they are a map.
func refusals() []annotations.Refusal {
	const (
		rewrites = "changes the rule or counts on plain paths: send the path that the Service expects"
		asks     = "asks with the header of the backend, so that Linkerd would ask the backend: remove it"
	)
	all := annotations.ClassRefusal(secondPrefix + annotations.IngressClass)
	for _, r := range []annotations.Refusal{
		{
			Key:    customRequestHeaders,
			Remedy: "names the Service here, and there is one for all headers: set others in the application",
		},
		{Key: prefix + "protocol", Remedy: "follows the Service port's appProtocol: set that instead"},
		{Key: prefix + "priority", Remedy: "follows the length of the path: remove it"},
		{Key: prefix + "rule-type", Remedy: "follows pathType: set that instead"},
		{Key: prefix + "rewrite-target", Remedy: rewrites},
		{Key: prefix + "request-modifier", Remedy: rewrites},
		{Key: prefix + "app-root", Remedy: rewrites},
		{Key: prefix + "service-weights", Remedy: "would divide requests among pods, which Linkerd chooses: remove it"},
		{Key: prefix + "auth-url", Remedy: asks},
		{Key: prefix + "auth-header-field", Remedy: "could set the header that names the Service: remove it"},
		{Key: prefix + "error-pages", Remedy: asks},
	} {
		all = append(all, r, annotations.Refusal{Key: secondPrefix + r.Key, Remedy: r.Remedy})
	}
	return append(all,
		annotations.Refusal{Key: "traefik.frontend.priority", Remedy: "follows the length of the path: remove it"},
		annotations.Refusal{Key: "traefik.frontend.rule.type", Remedy: "follows pathType: set that instead"},
	)
}
