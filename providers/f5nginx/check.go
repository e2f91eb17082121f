// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/override"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// ReasonNeedsHTTP2 is the Reason of the notice on backends that speak HTTP/2.
const ReasonNeedsHTTP2 = "NeedsHTTP2"

// maxHost is the longest server_name that fits server_names_hash_bucket_size, by
// default 256 (internal/configs/config_params.go; nginx/nginx src/core/ngx_hash.c,
// ngx_hash_init). With a longer one NGINX takes no configuration any more, of anybody.
const maxHost = 238

// internalPrefix begins the locations that the controller makes for splits
// (internal/configs/virtualserver.go, internalLocationPrefix).
const internalPrefix = "/internal_location_"

// forbiddenInIngress are paths that the controller refuses in an Ingress
// (internal/k8s/validation.go, illegalKeywordFmt).
var forbiddenInIngress = regexp.MustCompile("^/etc/|/root|/var")

// notLiteral would not arrive as written: a VirtualServer expands variables (pkg/apis/
// configuration/validation/virtualserver.go, validateActionProxyHeader), an annotation
// ends at a comma, and Linkerd reads the rest as no authority.
const notLiteral = "$\"\\,;%{}\t\r\n "

// checkRoutes checks hosts and paths. NGINX decodes "%XX", resolves dot segments and
// merges slashes before it compares a path (nginx/nginx
// src/http/ngx_http_parse.c, ngx_http_parse_complex_uri).
func checkRoutes(in providers.Input) field.ErrorList {
	errs := routes.CheckNormalized(in.Routes)
	for _, host := range routes.Hosts(in.Routes) {
		ofHost := routes.OfHost(in.Routes, host)
		errs = append(errs, routes.CheckSlashes(ofHost)...)
		if len(host) > maxHost {
			errs = append(errs, field.Invalid(ofHost[0].Field, host, fmt.Sprintf(
				"must be of a host of at most %d characters: NGINX has no room for a longer one by default", maxHost)))
		}
	}
	for _, r := range in.Routes {
		if remedy := refusePath(r.Path, in.Strategy.Form); remedy != "" {
			errs = append(errs, field.Invalid(r.Field.Child("path"), r.Path, remedy))
		}
	}
	return errs
}

// refusePath returns what is wrong with a path and what to do, or "". The controller
// compiles the path of an Ingress as a regular expression, though it uses it as none
// (internal/k8s/validation.go, validateRegexPath).
func refusePath(path, form string) string {
	const other = ", or set spec.f5Nginx.routes of the class to VirtualServer"
	switch {
	case strings.Contains(path, ";"):
		return "must not contain ';', which ends a directive of NGINX: use a shorter prefix"
	case strings.Contains(path, "%"):
		return "matches no request, because NGINX decodes the path of a request first: " +
			"write the character itself, or use a shorter prefix"
	case strings.HasPrefix(path, internalPrefix):
		return "must not begin with " + internalPrefix + ", as the controller's own paths do: choose another path"
	case form == formIngress && strings.ContainsAny(path, "()*+"):
		return "must not contain '()*+' in an Ingress, where the controller checks it as a regular expression: " +
			"use a shorter prefix" + other
	case form == formIngress && forbiddenInIngress.MatchString(path):
		return fmt.Sprintf("must not contain '%s' in an Ingress, where the controller refuses it: use a shorter prefix%s",
			forbiddenInIngress.FindString(path), other)
	}
	return ""
}

// checkDestinations looks, in header routing, at what goes into the header.
func checkDestinations(in providers.Input) field.ErrorList {
	if in.Strategy.Strategy != v1alpha1.StrategyHeader {
		return nil
	}
	return override.CheckDestinations(in, notLiteral)
}

// checkHTTP2 refuses backends that speak HTTP/2 on a host without TLS: the controller
// takes HTTP/2 from clients with TLS only (internal/configs/virtualserver.go,
// generateUpstreams; a host of an Ingress with nothing but gRPC does not even listen
// without, internal/configs/version1/nginx.ingress.tmpl).
func checkHTTP2(ofHost []providers.Route) field.ErrorList {
	var errs field.ErrorList
	for _, r := range ofHost {
		for _, b := range r.Backends {
			if b.H2C {
				errs = append(errs, field.Invalid(b.Field.Child("port"), b.Port, fmt.Sprintf(
					"speaks HTTP/2, which NGINX takes from clients with TLS only: add %s to spec.tls", r.Host)))
			}
		}
	}
	return errs
}

// http2Notices tells what is not seen from here.
func http2Notices(in providers.Input) []v1alpha1.Notice {
	if !slices.ContainsFunc(in.AllBackends(), func(b providers.Backend) bool { return b.H2C }) {
		return nil
	}
	return []v1alpha1.Notice{{
		Reason: ReasonNeedsHTTP2,
		Message: "A backend speaks HTTP/2, for which NGINX has to speak HTTP/2 with clients: " +
			"set http2: \"true\" in the controller's ConfigMap.",
	}}
}

// checkOneBackend refuses, for header routing with Ingresses, a host with two
// backends: each needs an Ingress of its own for its header, and of two Ingresses
// with one host the controller serves one (internal/k8s/configuration.go,
// buildHostsAndResources).
func checkOneBackend(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	first := map[string]string{}
	for _, r := range in.Routes {
		b := r.Backends[0]
		to := b.Destination(in.ClusterDomain)
		if _, seen := first[r.Host]; !seen {
			first[r.Host] = to
		}
		if other := first[r.Host]; other != to {
			errs = append(errs, field.Invalid(b.Field, to, fmt.Sprintf(
				"is another backend than %s, and an Ingress has one header for all of its host: "+
					"set spec.f5Nginx.routes of the class to VirtualServer, or its spec.routing to ClusterIP", other)))
		}
	}
	return errs
}

// checkProtocols refuses, for ClusterIP routing with an Ingress, a Service with a port
// that speaks HTTP/2 and one that does not: nginx.org/grpc-services names Services.
func checkProtocols(in providers.Input) field.ErrorList {
	var errs field.ErrorList
	first := map[string]providers.Backend{}
	for _, b := range in.AllBackends() {
		if _, seen := first[b.Service]; !seen {
			first[b.Service] = b
		}
		if other := first[b.Service]; other.H2C != b.H2C {
			errs = append(errs, field.Invalid(b.Field.Child("port"), b.Port, fmt.Sprintf(
				"does not speak the protocol of port %d, and an Ingress has one for all ports of a Service: "+
					"add a Service for this port, or set spec.f5Nginx.routes of the class to VirtualServer", other.Port)))
		}
	}
	return errs
}
