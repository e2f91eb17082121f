// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// Annotations of an Ingress.
const (
	// customRequestHeaders is in the documents of Linkerd, and nowhere in the
	// controller's source.
	customRequestHeaders = statusPrefix + "custom-request-headers"

	// statusPrefix is that of the annotations by which the controller reports what it
	// made (pkg/annotations/ingress.go, StatusPrefix).
	statusPrefix = "ingress.kubernetes.io/"

	preSharedCert    = "ingress.gcp.kubernetes.io/pre-shared-cert"
	globalStaticIP   = "kubernetes.io/ingress.global-static-ip-name"
	regionalStaticIP = "kubernetes.io/ingress.regional-static-ip-name"
	allowHTTP        = "kubernetes.io/ingress.allow-http"

	// managedCertificates is read by GKE's managed-certificate-controller, which then
	// sets preSharedCert (GoogleCloudPlatform/gke-managed-certs).
	managedCertificates = "networking.gke.io/managed-certificates"
)

// buildIngress returns the one Ingress of a MeshIngress. A default backend in it takes
// what no rule matches, of its hosts and of all others (pkg/translator/translator.go,
// ToCompositeURLMap). Its name never changes, because with it the address would.
func buildIngress(in providers.Input) *unstructured.Unstructured {
	ing := ingresses.New(in, names.Of(in), annotations.With(in, ownAnnotations(in)))
	ing.Spec.Rules = ingresses.Rules(exactLast(in.Routes))
	ing.Spec.TLS = ingresses.TLS(in.TLS)
	if in.Default != nil {
		b := ingresses.Backend(*in.Default)
		ing.Spec.DefaultBackend = &b
	}
	return objects.FromTyped(providers.KindIngress, ing)
}

// exactLast puts the Exact paths of each host behind its prefixes. The controller makes
// /foo and /foo/* of the prefix /foo, and of two equal paths keeps the last
// (pkg/controller/translator/translator.go, validateAndModifyPrefixPathType;
// pkg/utils/gceurlmap.go, PutPathRulesForHost). The order means nothing else: the
// longest match wins.
func exactLast(all []providers.Route) []providers.Route {
	sorted := make([]providers.Route, 0, len(all))
	for _, host := range routes.Hosts(all) {
		var exact []providers.Route
		for _, r := range routes.OfHost(all, host) {
			if r.PathType == v1alpha1.PathTypeExact {
				exact = append(exact, r)
				continue
			}
			sorted = append(sorted, r)
		}
		sorted = append(sorted, exact...)
	}
	return sorted
}

func ownAnnotations(in providers.Input) map[string]string {
	own := map[string]string{annotations.IngressClass: schemeOf(in.Class).class}
	if value := documentedHeader(in); value != "" {
		own[customRequestHeaders] = value
	}
	o := options(in.Class)
	if len(o.PreSharedCertificates) > 0 {
		own[preSharedCert] = strings.Join(o.PreSharedCertificates, ",")
	}
	if o.StaticIPName != "" {
		own[schemeOf(in.Class).staticIP] = o.StaticIPName
	}
	return own
}

// documentedHeader is the value of customRequestHeaders in the form of the documents of
// Linkerd. It is for the whole Ingress, so with several backends there is none. An
// Ingress for each would be right for it, and a load balancer for each.
func documentedHeader(in providers.Input) string {
	all := destinations(in)
	if len(all) != 1 {
		return ""
	}
	return linkerd.OverrideHeader + ": " + all[0].Destination(in.ClusterDomain)
}

// destinations are the backends, each Service and port once, in order of appearance.
func destinations(in providers.Input) []providers.Backend {
	return routes.Distinct(in.AllBackends(), routes.SamePort)
}
