// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/ingresses"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/override"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// Annotations that KIC reads (internal/annotations/annotations.go).
const (
	serviceUpstream   = "ingress.kubernetes.io/service-upstream"
	pluginsAnnotation = "konghq.com/plugins"
)

// Translate makes one Ingress and sets serviceUpstream on the backend Services; in
// header routing, one KongPlugin and one Ingress for each backend.
//
// Errors: Forbidden for a template annotation that would undo it, Invalid for a path
// that Kong would not compare as it is written, for a backend to which Kong speaks TLS
// and for a plugin of the template beside which ours could not run, Duplicate for a host in two TLS entries and Required for TLS
// without hosts, both of which KIC passes over in silence
// (internal/dataplane/translator/ingressrules.go, addFromIngressV1TLS).
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	header := in.Strategy.Strategy == v1alpha1.StrategyHeader
	_, errs := certificates.New("Kong", in.TLS)
	errs = append(errs, annotations.Check(in, refusals(header))...)
	errs = append(errs, checkPaths(in.Routes)...)
	errs = append(errs, checkProtocols(in)...)
	if header {
		errs = append(errs, override.CheckDestinations(in, notLiteral)...)
		errs = append(errs, checkTemplatePlugins(in)...)
	}
	if len(errs) > 0 {
		return providers.Plan{}, errs
	}
	in = prepared(in)
	plan := throughClusterIP(in)
	if header {
		plan = throughHeader(in)
	}
	plan.Notices = notices(in, header)
	return plan, nil
}

// prepared leaves out a default backend that would get no request: to Kong it is a
// second route for "/" of every host, and nothing says which of the two wins.
func prepared(in providers.Input) providers.Input {
	if routes.ServesAll(in.Routes, "") {
		in.Default = nil
	}
	in.Routes = distinctPaths(in.Routes)
	return in
}

func throughClusterIP(in providers.Input) providers.Plan {
	return providers.Plan{
		Objects: ingresses.Build(in, ingresses.Style{DefaultWithRules: true}),
		Fields:  upstreamFields(in),
	}
}

// upstreamFields annotates each backend Service once. KIC then has the Service's name
// and port as the only target of all its routes, also those of others
// (internal/dataplane/translator/translate_upstreams.go, getEndpoints). Kong asks DNS for
// SRV records first, whose port would win, but passes over those of a Service with a
// ClusterIP, which point to the Service's own name (Kong kong/resty/dns/client.lua,
// resolve).
func upstreamFields(in providers.Input) []providers.FieldSet {
	var fields []providers.FieldSet
	for _, b := range routes.Distinct(in.AllBackends(), routes.SameService) {
		fields = append(fields, objects.Annotate(providers.KindService, b.Namespace, b.Service, serviceUpstream, "true"))
	}
	return fields
}

// refusals are the template annotations that would undo what is generated.
func refusals(header bool) []annotations.Refusal {
	all := append(annotations.ClassRefusal(),
		annotations.Refusal{Key: serviceUpstream, Remedy: "is read on Services, where the operator sets it: remove it"},
		annotations.Refusal{Key: "konghq.com/override", Remedy: "names a KongIngress, which changes routes unseen: remove it"},
		annotations.Refusal{Key: "konghq.com/host-aliases", Remedy: "adds hosts unseen: add a rule for each host instead"},
		annotations.Refusal{
			Key: "konghq.com/regex-prefix", Remedy: "would make regular expressions of the paths: remove it",
		},
	)
	if header {
		// KIC makes a request-transformer of it (internal/dataplane/translator/
		// subtranslator/ingress.go, MaybeRewriteURI).
		all = append(all, annotations.Refusal{
			Key: "konghq.com/rewrite",
			Remedy: "is a second request-transformer, and a route has one: " +
				"remove it, or set spec.routing of the class to ClusterIP",
		})
	}
	return all
}
