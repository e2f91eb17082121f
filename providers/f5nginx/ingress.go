// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// Annotations of the controller (internal/k8s/validation.go).
const (
	useClusterIP    = "nginx.org/use-cluster-ip"
	proxySetHeaders = "nginx.org/proxy-set-headers"
	grpcServices    = "nginx.org/grpc-services"
	mergeableType   = "nginx.org/mergeable-ingress-type"
)

// ingressPlan makes Ingresses. Nothing in their status says whether the controller
// serves them, so that a host that it would give to another is an error.
func ingressPlan(in providers.Input) (providers.Plan, field.ErrorList) {
	certs, errs := certificates.New(title, in.TLS)
	errs = append(errs, checkHosts(in)...)
	for _, host := range routes.Hosts(in.Routes) {
		if _, ok := certs.SecretFor(host); !ok {
			errs = append(errs, checkHTTP2(routes.OfHost(in.Routes, host))...)
		}
	}
	style := ingresses.Style{Mixed: true, Annotations: clusterIPAnnotations(in)}
	if in.Strategy.Strategy == v1alpha1.StrategyHeader {
		style = ingresses.Style{PerBackend: true, Annotations: headerAnnotations(in)}
		errs = append(errs, checkOneBackend(in)...)
	} else {
		errs = append(errs, checkProtocols(in)...)
	}
	plan := providers.Plan{Notices: certs.Notices()}
	in.TLS = withHosts(in)
	// pathType Prefix is a prefix of strings (internal/configs/ingress.go,
	// generateIngressPath).
	in.Routes = routes.Expand(in.Routes)
	plan.Objects = ingresses.Build(in, style)
	return plan, errs
}

// clusterIPAnnotations name the Services that speak gRPC, because the controller has
// no other way to tell (internal/configs/ingress.go, generateNginxCfg).
func clusterIPAnnotations(in providers.Input) func(providers.Backend) map[string]string {
	own := map[string]string{useClusterIP: "true"}
	var grpc []string
	for _, b := range in.AllBackends() {
		if b.H2C {
			grpc = append(grpc, b.Service)
		}
	}
	if len(grpc) > 0 {
		slices.Sort(grpc)
		own[grpcServices] = strings.Join(slices.Compact(grpc), ",")
	}
	return func(providers.Backend) map[string]string { return own }
}

// headerAnnotations set the header in place of the client's: the annotation is
// proxy_set_header in every location of the Ingress, with the value quoted
// (internal/configs/version1/nginx.ingress.tmpl). Its entries are separated by commas,
// name and value by the first colon (version1/header_parsing_helper.go).
func headerAnnotations(in providers.Input) func(providers.Backend) map[string]string {
	return func(b providers.Backend) map[string]string {
		return map[string]string{proxySetHeaders: linkerd.OverrideHeader + ": " + b.Destination(in.ClusterDomain)}
	}
}

// withHosts adds to each wildcard of spec.tls the hosts of rules that it covers and no
// entry names: the controller compares by name (internal/configs/ingress.go,
// addSSLConfig).
func withHosts(in providers.Input) []v1alpha1.TLS {
	entries := slices.Clone(in.TLS)
	for _, host := range routes.Hosts(in.Routes) {
		named := func(t v1alpha1.TLS) bool { return slices.Contains(t.Hosts, host) }
		covered := func(t v1alpha1.TLS) bool {
			return slices.ContainsFunc(t.Hosts, func(h string) bool { return ingresses.CoversHost(h, host) })
		}
		if i := slices.IndexFunc(entries, covered); i >= 0 && !slices.ContainsFunc(entries, named) {
			entries[i].Hosts = append(slices.Clone(entries[i].Hosts), host)
		}
	}
	return entries
}
