// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package f5nginx

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// virtualServers makes one VirtualServer for each host. The fields are those of
// pkg/apis/configuration/v1/types.go, VirtualServerSpec; the types there write zero
// values of fields that are not ours.
func virtualServers(in providers.Input) (providers.Plan, field.ErrorList) {
	certs, errs := certificates.New(title, in.TLS)
	var plan providers.Plan
	for _, host := range routes.Hosts(in.Routes) {
		ofHost := routes.OfHost(in.Routes, host)
		translated, routeErrs := vsRoutes(in, ofHost)
		errs = append(errs, routeErrs...)
		spec := map[string]any{
			"ingressClassName": in.Class.IngressClassName,
			"host":             host,
			"upstreams":        upstreams(in, ofHost),
			"routes":           translated,
		}
		if secret, ok := certs.SecretFor(host); ok {
			spec["tls"] = map[string]any{"secret": secret}
		} else {
			errs = append(errs, checkHTTP2(ofHost)...)
		}
		vs := objects.New(kindVirtualServer, in.Namespace, names.OfHost(in, host), in.Labels, in.Annotations)
		vs.Object["spec"] = spec
		plan.Objects = append(plan.Objects, vs)
	}
	plan.Notices = append(certs.Notices(), weightNotices(in)...)
	return plan, errs
}

// vsRoutes translates the routes of one host.
//
// A path is an NGINX location: one of strings, or exact after "="; NGINX prefers exact
// to prefix and longer to shorter, whatever the order (internal/configs/
// virtualserver.go, generatePath). The exact half of a prefix also keeps NGINX from
// answering /foo with a redirect to /foo/, as it does for a location that ends in "/"
// (nginx/nginx src/http/ngx_http_core_module.c, auto_redirect).
func vsRoutes(in providers.Input, ofHost []providers.Route) ([]any, field.ErrorList) {
	var out []any
	var errs field.ErrorList
	taken := routes.Exact(ofHost)
	for _, r := range ofHost {
		shares, shareErrs := checkShares(r.Backends)
		errs = append(errs, shareErrs...)
		for _, m := range routes.Matches(r, taken) {
			route := destination(in, r.Backends, shares)
			route["path"] = m.Prefix
			if m.Exact != "" {
				route["path"] = "=" + m.Exact
			}
			out = append(out, route)
		}
	}
	return out, errs
}

// destination is a route without its path: one action, or splits, of which there must
// be two at least (pkg/apis/configuration/validation/virtualserver.go, validateSplits).
func destination(in providers.Input, backends []providers.Backend, shares []int64) map[string]any {
	if len(backends) == 1 {
		return map[string]any{"action": action(in, backends[0])}
	}
	splits := make([]any, 0, len(backends))
	for i, b := range backends {
		splits = append(splits, map[string]any{"weight": shares[i], "action": action(in, b)})
	}
	return map[string]any{"splits": splits}
}

// action sets the header in place of the client's: proxy_set_header or
// grpc_set_header (internal/configs/version2/nginx.virtualserver.tmpl).
func action(in providers.Input, b providers.Backend) map[string]any {
	if in.Strategy.Strategy != v1alpha1.StrategyHeader {
		return map[string]any{"pass": upstreamName(in, b)}
	}
	header := map[string]any{"name": linkerd.OverrideHeader, "value": b.Destination(in.ClusterDomain)}
	return map[string]any{"proxy": map[string]any{
		"upstream":       upstreamName(in, b),
		"requestHeaders": map[string]any{"set": []any{header}},
	}}
}

// upstreams are the Services of one host, each port once.
func upstreams(in providers.Input, ofHost []providers.Route) []any {
	var all []any
	var seen []string
	for _, r := range ofHost {
		for _, b := range r.Backends {
			name := upstreamName(in, b)
			if slices.Contains(seen, name) {
				continue
			}
			seen = append(seen, name)
			all = append(all, upstream(in, name, b))
		}
	}
	return all
}

func upstream(in providers.Input, name string, b providers.Backend) map[string]any {
	u := map[string]any{"name": name, "service": b.Service, "port": int64(b.Port)}
	if b.Namespace != in.Namespace {
		u["service"] = b.Namespace + "/" + b.Service
	}
	if in.Strategy.Strategy == v1alpha1.StrategyClusterIP {
		u["use-cluster-ip"] = true
	}
	if b.H2C {
		u["type"] = "grpc"
	}
	return u
}

// upstreamName begins with the name of the Service, because it has to begin with a
// letter (pkg/apis/configuration/validation/virtualserver.go, validateUpstreamName).
func upstreamName(in providers.Input, b providers.Backend) string {
	name := fmt.Sprintf("%s-%d", b.Service, b.Port)
	if b.Namespace == in.Namespace {
		return names.Join(name)
	}
	return names.Join(name, b.Namespace)
}
