// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// ReasonPrefixOfText is the Reason of the notice that a prefix takes paths that only
// begin with the same letters.
const ReasonPrefixOfText = "PrefixOfText"

// classAnnotation names the class of a GatewayHost; annotations.IngressClass does where
// it is not there (enroute-dp/internal/contour/k8s.go, getIngressClassAnnotation).
const classAnnotation = "enroute.saaras.io/ingress.class"

// regexLetters make EnRoute read a prefix as a regular expression
// (enroute-dp/internal/dag/conditions.go, mergePathConditions).
const regexLetters = "^+*[]%"

// Translate makes one GatewayHost per host, because a GatewayHost has one fqdn.
//
// Errors: Forbidden for an annotation that names a class and for a certificate of a
// wildcard host, Duplicate for a host of another GatewayHost and for two paths that are
// the same, Invalid for a path that EnRoute reads as a regular expression or that no
// request has, Required for TLS without hosts.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	// Envoy looks for the host first (enroute-dp/internal/envoy/route.go, VirtualHost).
	all := routes.WithDefault(in, append(routes.Hosts(in.Routes), "")...)
	certs, errs := certificates.New("EnRoute", in.TLS)
	errs = append(errs, annotations.Check(in, annotations.ClassRefusal(classAnnotation))...)
	errs = append(errs, checkPaths(in.Routes)...)

	var plan providers.Plan
	for _, host := range routes.Hosts(all) {
		ofHost := routes.OfHost(all, host)
		errs = append(errs, checkHost(in, host, ofHost[0].Field)...)
		errs = append(errs, routes.CheckSlashes(ofHost)...)
		virtualHost := map[string]any{"fqdn": fqdn(host)}
		if secret, ok := certs.SecretFor(host); ok {
			errs = append(errs, checkTLS(in.TLS, host)...)
			virtualHost["tls"] = map[string]any{"secretName": secret}
		}
		own := map[string]string{classAnnotation: in.Class.IngressClassName}
		obj := objects.New(kindGatewayHost, in.Namespace, gatewayHostName(in, host), in.Labels, annotations.With(in, own))
		obj.Object["spec"] = map[string]any{"virtualhost": virtualHost, "routes": translateRoutes(ofHost)}
		plan.Objects = append(plan.Objects, obj)
	}
	plan.Notices = append(tell(in), certs.Notices()...)
	return plan, errs
}

// fqdn of a host; no host is every host (helm-chart/service-host-route/templates/
// service-gatewayhost-notls.yaml).
func fqdn(host string) string {
	if host == "" {
		return "*"
	}
	return host
}

// gatewayHostName depends on the host alone: EnRoute serves neither of two objects with
// one fqdn, so a host that moved to an object of another name would be down for a time.
func gatewayHostName(in providers.Input, host string) string {
	if host == "" {
		return names.Of(in, "all", "hosts")
	}
	return names.OfHost(in, host)
}

// translateRoutes keeps the order: EnRoute sorts longer prefixes before shorter
// (enroute-dp/internal/contour/route.go, longestRouteFirst).
func translateRoutes(ofHost []providers.Route) []any {
	out := make([]any, 0, len(ofHost))
	for _, r := range ofHost {
		services := make([]any, 0, len(r.Backends))
		for _, b := range r.Backends {
			service := map[string]any{"name": b.Service, "port": int64(b.Port)}
			if len(r.Backends) > 1 {
				service["weight"] = int64(b.Weight)
			}
			if b.H2C {
				service["protocol"] = "h2c"
			}
			services = append(services, service)
		}
		out = append(out, map[string]any{
			"conditions": []any{map[string]any{"prefix": prefix(r.Path)}},
			"services":   services,
		})
	}
	return out
}

// prefix is a path without the slash at its end, so that it takes the path itself.
func prefix(path string) string {
	if elements := routes.Elements(path); elements != "" {
		return elements
	}
	return "/"
}

// checkPaths refuses paths that mean something else to EnRoute. It has Envoy normalize
// a request's path (enroute-dp/internal/envoy/listener.go, NormalizePath) and itself
// merges slashes in a prefix.
func checkPaths(all []providers.Route) field.ErrorList {
	errs := routes.CheckNormalized(all)
	for _, r := range all {
		if strings.ContainsAny(r.Path, regexLetters) {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path,
				"would be a regular expression for EnRoute, because it has one of "+regexLetters+": use a path without them"))
		}
	}
	return errs
}

// checkTLS refuses the certificate of a wildcard host
// (enroute-dp/internal/dag/builder.go, computeGatewayHosts). For a host below it, it
// will do.
func checkTLS(entries []v1alpha1.TLS, host string) field.ErrorList {
	var errs field.ErrorList
	for i, entry := range entries {
		if j := slices.Index(entry.Hosts, host); j >= 0 && strings.HasPrefix(host, "*.") {
			errs = append(errs, field.Forbidden(providers.TLSField(i).Child("hosts").Index(j),
				"EnRoute serves a wildcard host without TLS only: add a rule for each host, or remove it from spec.tls"))
		}
	}
	return errs
}

// checkHost refuses a host that another GatewayHost of the class has: EnRoute serves
// neither of two (enroute-dp/internal/dag/builder.go, validGatewayHosts).
func checkHost(in providers.Input, host string, at *field.Path) field.ErrorList {
	for _, obj := range in.Objects {
		name, _, _ := unstructured.NestedString(obj.Object, "spec", "virtualhost", "fqdn")
		if name == fqdn(host) && !in.Owns(obj) && servedBy(in.Class, obj) {
			return field.ErrorList{routes.Duplicate(at, fqdn(host), fmt.Sprintf(
				"GatewayHost %s/%s has this host already, and EnRoute serves neither of two: "+
					"put all paths of the host in one of them, or remove the other", obj.GetNamespace(), obj.GetName()))}
		}
	}
	return nil
}

// servedBy reports whether an EnRoute of the class takes a GatewayHost: one without
// class is everybody's (enroute-dp/internal/contour/k8s.go, validIngressClass).
func servedBy(class providers.Class, obj *unstructured.Unstructured) bool {
	name, ok := annotations.Lookup(obj.GetAnnotations(), classAnnotation, annotations.IngressClass)
	return !ok || name == class.IngressClassName
}
