// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package traefik

import (
	"net/url"
	"strconv"

	"github.com/traefik/traefik/v2/pkg/config/dynamic"
	crd "github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// authRequestHeaders are copied from the request into the question to the
// external authorization. An empty list would copy all of them, a client's own
// l5d-dst-override among them. Traefik itself adds X-Forwarded-For, -Method,
// -Proto, -Host and -Uri (pkg/middlewares/auth/forward.go v2.11.14, v3.7.9).
func authRequestHeaders() []string {
	return []string{"Accept", "Authorization", "Cookie", "User-Agent", "X-Requested-With"}
}

// header adds the Middleware that sets the header to a backend, once, and refers
// to it. Traefik sets the header and so replaces what the client sent
// (pkg/middlewares/headers/header.go v2.11.14).
func (t *translation) header(b providers.Backend) crd.MiddlewareRef {
	parts := []string{b.Service, strconv.Itoa(int(b.Port))}
	if b.Namespace != t.in.Namespace {
		parts = append(parts, b.Namespace)
	}
	return t.middleware(names.Of(t.in, parts...), crd.MiddlewareSpec{Headers: &dynamic.Headers{
		CustomRequestHeaders: map[string]string{linkerd.OverrideHeader: b.Destination(t.in.ClusterDomain)},
	}})
}

// externalAuth refers to the Middlewares that ask the external authorization; none
// where there is none to ask.
func (t *translation) externalAuth() []crd.MiddlewareRef {
	a := t.in.Auth
	if a == nil {
		return nil
	}
	if a.H2C {
		t.errs = append(t.errs, field.Invalid(a.Field, a.Service,
			"speaks HTTP/2 by its appProtocol, and Traefik asks in HTTP/1.1: name a port without that appProtocol"))
	}
	address := url.URL{Scheme: "http", Host: a.Destination(t.in.ClusterDomain), Path: a.Path}
	forward := t.middleware(names.Of(t.in, "auth"), crd.MiddlewareSpec{ForwardAuth: &crd.ForwardAuth{
		Address: address.String(), AuthRequestHeaders: authRequestHeaders(),
	}})
	if t.in.Strategy.Strategy != v1alpha1.StrategyHeader {
		return []crd.MiddlewareRef{forward}
	}
	// Traefik before 2.4 has no authRequestHeaders and copies every header, so the
	// header already holds the authorization's own destination when it copies.
	return []crd.MiddlewareRef{t.header(a.Backend), forward}
}

func (t *translation) middleware(name string, spec crd.MiddlewareSpec) crd.MiddlewareRef {
	ref := crd.MiddlewareRef{Name: name}
	if t.made[name] {
		return ref
	}
	t.made[name] = true
	t.objects = append(t.objects, objects.FromTyped(middlewareKind(t.group), &crd.Middleware{
		ObjectMeta: metav1.ObjectMeta{Namespace: t.in.Namespace, Name: name},
		Spec:       spec,
	}))
	return ref
}
