// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package haproxyingress

import (
	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/questions"
)

// The prefixes that the controller reads unless its --annotations-prefix says
// otherwise, the one that wins first (pkg/controller/config/options.go, AnnPrefix).
const (
	prefix       = "haproxy-ingress.github.io/"
	secondPrefix = "ingress.kubernetes.io/"
)

// Names of annotations, without the prefix.
const (
	serviceUpstream   = "service-upstream"
	headers           = "headers"
	requestSetHeaders = "request-set-headers"
	backendProtocol   = "backend-protocol"
	authURL           = "auth-url"
)

// ownAnnotations of the Ingress of a backend. headers is "<name>: <value>", one a line,
// in which HAProxy reads "%" as a variable and a space as an end; "http-request
// set-header" replaces what the client sent (pkg/converters/ingress/annotations/
// backend.go, buildBackendHeaders; rootfs/etc/templates/haproxy/haproxy.tmpl). The
// value is literal: the controller's own variables lack the port. v0.17 keeps the name
// beside request-set-headers (v0.17.0-alpha.2, the same function).
func ownAnnotations(in providers.Input, b providers.Backend) map[string]string {
	own := map[string]string{}
	if in.Strategy.Strategy == v1alpha1.StrategyClusterIP {
		own[prefix+serviceUpstream] = "true"
	} else {
		own[prefix+headers] = linkerd.OverrideHeader + ": " + b.Destination(in.ClusterDomain)
	}
	if b.H2C {
		own[prefix+backendProtocol] = "h2"
	}
	if in.Auth != nil {
		// The controller looks the name up when it writes the configuration, so that HAProxy
		// asks the ClusterIP. The other form, svc://<namespace>/<name>:<port>, would ask pods,
		// past the mesh's routing (pkg/converters/ingress/annotations/backend.go,
		// setAuthExternal; pkg/converters/ingress/ingress.go, syncIngressHTTP). The path is an
		// argument of HAProxy's without quotes; the controller's own check is narrower
		// (pkg/converters/ingress/utils/utils.go, parseURLRegex).
		own[prefix+authURL] = questions.URL(in)
	}
	return own
}

// refusals are of spec.template. Headers of the user's are refused, not merged: the
// lines could name ours in spellings that HAProxy reads as the same.
func refusals(strategy v1alpha1.Strategy) []annotations.Refusal {
	const (
		noEffect = "has no effect, because Linkerd chooses the pod: remove it"
		snippet  = "would put text into the configuration of HAProxy: remove it"
		asks     = "asks with the header of the backend, so that Linkerd would ask the backend: remove it"
		hides    = "hides the header from Linkerd, which encrypts by itself: remove it"
		names    = "may name the Service here: set other headers in the application"
	)
	all := []annotations.Refusal{
		{Key: serviceUpstream, Remedy: "is the operator's: set spec.routing of the MeshIngressClass instead"},
		{Key: backendProtocol, Remedy: "follows the Service port's appProtocol: set that instead"},
		{Key: "affinity*", Remedy: noEffect},
		{Key: "session-cookie-*", Remedy: noEffect},
		{Key: "balance-algorithm", Remedy: noEffect},
		{Key: "blue-green-*", Remedy: noEffect},
		{Key: "proxy-protocol", Remedy: "hides the request from Linkerd: remove it"},
		{Key: "tcp-service-*", Remedy: "makes no HTTP of the routes: remove it"},
		{Key: "redirect-to", Remedy: "takes the routes away from their backends: remove it"},
		{Key: "config-*", Remedy: snippet},
	}
	if strategy == v1alpha1.StrategyHeader {
		all = append(all,
			annotations.Refusal{Key: headers, Remedy: names},
			annotations.Refusal{Key: "request-*", Remedy: names},
			annotations.Refusal{Key: authURL, Remedy: asks},
			annotations.Refusal{Key: "oauth*", Remedy: asks},
			annotations.Refusal{Key: "ssl-passthrough*", Remedy: hides},
			annotations.Refusal{Key: "secure-backends", Remedy: hides},
		)
	} else {
		all = append(all, annotations.Refusal{Key: authURL, Remedy: "is the operator's: use spec.externalAuth"})
	}
	return append(annotations.ClassRefusal(), bothPrefixes(all)...)
}

func bothPrefixes(refusals []annotations.Refusal) []annotations.Refusal {
	var all []annotations.Refusal
	for _, r := range refusals {
		for _, p := range []string{prefix, secondPrefix} {
			all = append(all, annotations.Refusal{Key: p + r.Key, Remedy: r.Remedy})
		}
	}
	return all
}

// lookup reads an annotation under the two names that it can have.
func lookup(all map[string]string, name string) (string, bool) {
	return annotations.Lookup(all, prefix+name, secondPrefix+name)
}
