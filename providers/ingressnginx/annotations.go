// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/questions"
)

// defaultPrefix of the controller's annotations
// (internal/ingress/annotations/parser/main.go, DefaultAnnotationsPrefix).
const defaultPrefix = "nginx.ingress.kubernetes.io"

// Names of annotations, without the prefix.
const (
	serviceUpstream = "service-upstream"
	backendProtocol = "backend-protocol"
	authURL         = "auth-url"
)

func prefix(class providers.Class) string {
	if o := class.Spec.IngressNginx; o != nil && o.AnnotationPrefix != "" {
		return o.AnnotationPrefix
	}
	return defaultPrefix
}

// ownAnnotations are what the operator sets. The URL of the authorization Service
// is the only one with words of the user, and questions.Check has looked at it; the
// controller's own check lets "$" through (internal/ingress/annotations/parser/
// validators.go, URLWithNginxVariableRegex).
func ownAnnotations(in providers.Input, h2c bool) map[string]string {
	p := prefix(in.Class) + "/"
	own := map[string]string{}
	if in.Strategy.Strategy == v1alpha1.StrategyClusterIP {
		own[p+serviceUpstream] = "true"
	}
	if h2c {
		own[p+backendProtocol] = "GRPC"
	}
	if in.Auth != nil {
		// The controller holds the URL in a variable, so that nginx resolves the name for each
		// request, to the ClusterIP, and without search domains (rootfs/etc/nginx/template/
		// nginx.tmpl lines 1120-1124).
		own[p+authURL] = questions.URL(in)
	}
	return own
}

// checkTemplate refuses annotations of spec.template that would undo ours.
func checkTemplate(in providers.Input) field.ErrorList { return annotations.Check(in, refusals(in)) }

func refusals(in providers.Input) []annotations.Refusal {
	own := prefix(in.Class)
	all := []annotations.Refusal{{
		Key: "*-snippet", Remedy: "would put text into the configuration of nginx: remove it",
	}, {
		Key: annotations.IngressClass, Remedy: "is spec.ingressClassName of the generated Ingress: set spec.className",
	}}
	if own != defaultPrefix {
		// The admission webhook refuses it (internal/ingress/controller/controller.go, CheckIngress).
		all = append(all, annotations.Refusal{
			Key: defaultPrefix + "/*", Remedy: "has not the prefix of the controller: write " + own + "/",
		})
	}
	named := ofEveryStrategy()
	if in.Strategy.Strategy == v1alpha1.StrategyHeader {
		named = append(named, ofHeader()...)
	}
	for _, r := range named {
		all = append(all, annotations.Refusal{Key: own + "/" + r.Key, Remedy: r.Remedy})
	}
	return all
}

// ofEveryStrategy are refusals without the prefix of the controller.
func ofEveryStrategy() []annotations.Refusal {
	const noEffect = "has no effect, because Linkerd chooses the pod: remove it"
	return []annotations.Refusal{
		{Key: serviceUpstream, Remedy: "is the operator's: set spec.routing of the MeshIngressClass instead"},
		{Key: backendProtocol, Remedy: "follows the Service port's appProtocol: set that instead"},
		{Key: authURL, Remedy: "is the operator's: use spec.externalAuth"},
		{Key: "canary*", Remedy: "would take the routes away from these backends: remove it"},
		{Key: "default-backend", Remedy: "leads past the mesh to pods: use spec.defaultBackend"},
		{Key: "affinity*", Remedy: noEffect},
		{Key: "session-cookie-*", Remedy: noEffect},
		{Key: "upstream-hash-by*", Remedy: noEffect},
	}
}

// ofHeader are refusals in header routing only, without the prefix of the controller.
func ofHeader() []annotations.Refusal {
	const clients = "makes requests with the client's own header: remove it"
	return []annotations.Refusal{
		{Key: "ssl-passthrough", Remedy: "keeps the header out: set spec.routing of the class to ClusterIP"},
		{Key: "custom-http-errors", Remedy: clients},
		{Key: "mirror-target", Remedy: clients},
	}
}
