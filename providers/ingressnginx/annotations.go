// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package ingressnginx

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
)

// defaultPrefix of the controller's annotations
// (internal/ingress/annotations/parser/main.go, DefaultAnnotationsPrefix).
const defaultPrefix = "nginx.ingress.kubernetes.io"

// classAnnotation names the class where spec.ingressClassName does not. The API
// server refuses both together (kubernetes/kubernetes
// pkg/apis/networking/validation/validation.go v1.36.3).
const classAnnotation = "kubernetes.io/ingress.class"

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
// is the only one with words of the user, and checkAuth has looked at it.
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
		own[p+authURL] = questionURL(in)
	}
	return own
}

// questionURL has the full DNS name of the Service: the controller holds the URL
// in a variable, so that nginx resolves the name for each request, to the
// ClusterIP, and without search domains (rootfs/etc/nginx/template/nginx.tmpl
// lines 1120-1124).
func questionURL(in providers.Input) string {
	return "http://" + in.Auth.Destination(in.ClusterDomain) + in.Auth.Path
}

// safeURL has no character that means something to nginx. It is narrower than the
// controller's own check, which lets "$" through (internal/ingress/annotations/
// parser/validators.go, URLWithNginxVariableRegex).
var safeURL = regexp.MustCompile(`^http://[a-z0-9.-]+:[0-9]+/[A-Za-z0-9/._~-]*$`)

func checkAuth(in providers.Input) field.ErrorList {
	switch {
	case in.Auth == nil:
		return nil
	case in.Auth.H2C:
		return field.ErrorList{field.Invalid(in.Auth.Field.Child("port"), in.Auth.Port,
			"speaks HTTP/2 only, and nginx asks over HTTP/1.1: name a port that speaks HTTP/1.1")}
	case !safeURL.MatchString(questionURL(in)):
		return field.ErrorList{field.Invalid(in.Auth.Field, questionURL(in),
			"must be a URL of plain names and a path of letters, digits and '/._~-'")}
	}
	return nil
}

// refusal is a template annotation that would undo the operator's work.
type refusal struct {
	name   string // without the prefix; a trailing "*" stands for any rest
	remedy string
	header bool // refused in header routing only
}

func refusals() []refusal {
	return []refusal{
		{name: serviceUpstream, remedy: "is the operator's: set spec.routing of the MeshIngressClass instead"},
		{name: backendProtocol, remedy: "follows the Service port's appProtocol: set that instead"},
		{name: authURL, remedy: "is the operator's: use spec.externalAuth"},
		{name: "canary*", remedy: "would take the routes away from these backends: remove it"},
		{name: "default-backend", remedy: "leads past the mesh to pods: use spec.defaultBackend"},
		{name: "affinity*", remedy: "has no effect, because Linkerd chooses the pod: remove it"},
		{name: "session-cookie-*", remedy: "has no effect, because Linkerd chooses the pod: remove it"},
		{name: "upstream-hash-by*", remedy: "has no effect, because Linkerd chooses the pod: remove it"},
		{name: "ssl-passthrough", header: true, remedy: "keeps the header out: set spec.routing of the class to ClusterIP"},
		{name: "custom-http-errors", header: true, remedy: "makes requests with the client's own header: remove it"},
		{name: "mirror-target", header: true, remedy: "makes requests with the client's own header: remove it"},
	}
}

// checkTemplate refuses annotations of spec.template that would undo ours. A
// template that agrees with the operator is refused too: it would part company
// when the class changes.
func checkTemplate(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	at := field.NewPath("spec", "template", "annotations")
	for _, key := range slices.Sorted(maps.Keys(in.Annotations)) {
		if remedy := refuse(in, key); remedy != "" {
			errs = append(errs, field.Forbidden(at.Key(key), remedy))
		}
	}
	return errs
}

// refuse returns why an annotation is refused and what to do, or "".
func refuse(in providers.Input, key string) string {
	own := prefix(in.Class)
	domain, name, _ := strings.Cut(key, "/")
	switch {
	case strings.HasSuffix(key, "-snippet"):
		return "would put text into the configuration of nginx: remove it"
	case key == classAnnotation:
		return "is spec.ingressClassName of the generated Ingress: set spec.className"
	case domain == defaultPrefix && own != defaultPrefix:
		// The admission webhook refuses it (internal/ingress/controller/controller.go, CheckIngress).
		return fmt.Sprintf("has not the prefix of the controller: write %s/%s", own, name)
	case domain != own:
		return ""
	}
	for _, r := range refusals() {
		if matches(r.name, name) && (!r.header || in.Strategy.Strategy == v1alpha1.StrategyHeader) {
			return r.remedy
		}
	}
	return ""
}

func matches(pattern, name string) bool {
	if stem, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, stem)
	}
	return pattern == name
}
