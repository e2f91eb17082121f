// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// routesOf translates the routes of one host, and adds the default backend for what
// they leave.
//
// Envoy takes the first route that matches, in the order written, and a prefix is one
// of strings (projects/gloo/pkg/translator/route_config.go, setEnvoyPathMatcher). So
// Exact comes first and the longer path before the shorter. Nothing before the two
// matchers of a Prefix /foo, exact /foo and prefix /foo/, can take its requests: a
// longer prefix is no part of /foo.
func routesOf(in providers.Input, s site, ofHost []providers.Route) []route {
	header := headerOf(in.Class)
	taken := routes.Exact(ofHost)
	base, wildcard := strings.CutPrefix(s.host, "*.")
	var out []route
	for _, r := range ordered(ofHost) {
		var matchers []matcher
		for _, m := range routes.Matches(r, taken) {
			to := matcher{Exact: m.Exact, Prefix: m.Prefix}
			if wildcard {
				to.Headers = oneLabelBelow(base)
			}
			matchers = append(matchers, to)
		}
		out = append(out, newRoute(header, matchers, r.Backends, in.ClusterDomain))
	}
	if in.Default != nil && (wildcard || !routes.ServesAll(in.Routes, s.host)) {
		everything := []matcher{{Prefix: "/"}}
		out = append(out, newRoute(header, everything, []providers.Backend{*in.Default}, in.ClusterDomain))
	}
	return out
}

func ordered(ofHost []providers.Route) []providers.Route {
	return slices.SortedStableFunc(slices.Values(ofHost), func(a, b providers.Route) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(len(routes.Elements(b.Path)), len(routes.Elements(a.Path))))
	})
}

func rank(r providers.Route) int {
	if r.PathType == v1alpha1.PathTypeExact {
		return 0
	}
	return 1
}

// oneLabelBelow narrows a domain with "*.", which Envoy matches against any number of
// labels (envoyproxy/envoy api/envoy/config/route/v3/route_components.proto,
// VirtualHost.domains).
func oneLabelBelow(base string) []headerMatcher {
	return []headerMatcher{{Name: ":authority", Value: `(?i)[^.]+\.` + regexp.QuoteMeta(base), Regex: true}}
}

// newRoute sends requests to one or more backends. The header is on the destinations
// where there are several: on the route it would send the requests of all to one. Each is
// there once: of two that are the same spec.linkerd sets the header on the first alone,
// and the other lets a client's through (projects/gloo/pkg/plugins/linkerd/plugin.go,
// configForMultiDestination).
func newRoute(header v1alpha1.GlooHeader, matchers []matcher, to []providers.Backend, clusterDomain string) route {
	to = routes.Merged(to)
	if len(to) == 1 {
		single := destinationOf(to[0])
		return route{
			Matchers:    matchers,
			RouteAction: &routeAction{Single: &single},
			Options:     optionsFor(header, to[0].Destination(clusterDomain)),
		}
	}
	multi := &multiDestination{}
	for _, b := range to {
		multi.Destinations = append(multi.Destinations, weightedDestination{
			Destination: destinationOf(b), Weight: int64(b.Weight),
			Options: optionsFor(header, b.Destination(clusterDomain)),
		})
	}
	return route{Matchers: matchers, RouteAction: &routeAction{Multi: multi}}
}

// destinationOf is the Service itself, not an Upstream: since 1.20 Gloo makes none of
// its own accord (changelog/v1.20.0-beta3).
func destinationOf(b providers.Backend) destination {
	return destination{Kube: &kubeDestination{
		Ref: resourceRef{Namespace: b.Namespace, Name: b.Service}, Port: int64(b.Port),
	}}
}

// optionsFor sets the header on a route or a weighted destination; nil where Settings
// do.
//
// Append false becomes OVERWRITE_IF_EXISTS_OR_ADD; without it, it is true
// (pkg/utils/api_conversion/type.go, ToEnvoyHeaderValueOptions). The transformation
// takes off what the client sent before it adds its own, and what is no "{{", "{%",
// "{#" or "##" in its text is literal (solo-io/envoy-gloo source/extensions/filters/
// http/transformation/inja_transformer.cc, InjaTransformer::transform).
func optionsFor(header v1alpha1.GlooHeader, destination string) *options {
	switch header {
	case v1alpha1.GlooHeaderManipulation:
		return &options{HeaderManipulation: &headerManipulation{RequestHeadersToAdd: []headerToAdd{
			{Header: newHeader(destination), Append: new(false)},
		}}}
	case v1alpha1.GlooTransformation:
		return &options{StagedTransformations: &transformationStages{Regular: &transformationStage{
			RequestTransforms: []requestTransform{{RequestTransformation: &transformation{
				TransformationTemplate: &transformationTemplate{
					Headers:     map[string]template{linkerd.OverrideHeader: {Text: destination}},
					Passthrough: &struct{}{},
				},
			}}},
		}}}
	default:
		return nil
	}
}

func newHeader(value string) *header { return &header{Key: linkerd.OverrideHeader, Value: value} }
