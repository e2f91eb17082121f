// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary

import (
	"encoding/hex"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/annotations"
	"github.com/meshingress/meshingress/providers/internal/certificates"
	"github.com/meshingress/meshingress/providers/internal/names"
	"github.com/meshingress/meshingress/providers/internal/notices"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/routes"
)

// serviceResolver is the resolver that connects to a Service's name in DNS, and the
// default. A Mapping that names it does not depend on the resolver and the load
// balancer of the Module: the cluster's type is that of the Mapping's own resolver
// (ir/irbasemapping.py, setup; envoy/v3/v3cluster.py).
const serviceResolver = "kubernetes-service"

// exactFirst is the precedence of an exact path whose text is a prefix as well.
// Emissary takes two Mappings of one host, prefix and precedence for one group, whether
// the prefix is exact or not, and drops the second where they differ in that
// (ir/irhttpmapping.py, _group_id; ir/irhttpmappinggroup.py, add_mapping).
const exactFirst = 1

// Translate makes a Mapping for each match of a path and each of its backends, and a
// Host for each host with a certificate.
//
// Errors: Forbidden for annotations of Emissary and for TLS where there is no Host yet,
// Duplicate for a host or path of another object, Invalid for a path that no request
// has and for one that a more general host would take away, Required for TLS without
// hosts.
func (Provider) Translate(in providers.Input) (providers.Plan, field.ErrorList) {
	// The prefix "/" of every host is the last that Emissary tries (ir/irhttpmapping.py,
	// _route_weight).
	t := translation{in: in, routes: routes.WithDefault(in, "")}
	t.prefixes = prefixesOf(t.routes)

	errs := annotations.Check(in, refusals())
	errs = append(errs, routes.CheckNormalized(in.Routes)...)
	errs = append(errs, t.checkHostOrder()...)
	for _, host := range routes.Hosts(t.routes) {
		errs = append(errs, t.translateHost(host)...)
	}
	errs = append(errs, t.checkGroups()...)

	certs, certErrs := certificates.New("Emissary", in.TLS)
	errs = append(errs, certErrs...)
	errs = append(errs, t.translateTLS(certs)...)

	t.notices = append(t.notices, resolverNotices(in)...)
	// envoy/v3/v3route.py, generate_headers: suffix_match.
	t.notices = append(t.notices, notices.WildcardHostIsDeep("Emissary", in.Routes)...)
	return providers.Plan{Objects: t.objects, Notices: append(t.notices, certs.Notices()...)}, errs
}

// refusals are annotations that mean something on a Service or an Ingress and nothing
// on a Mapping.
func refusals() []annotations.Refusal {
	return append(annotations.ClassRefusal("getambassador.io/ambassador-id"), annotations.Refusal{
		Key:    "getambassador.io/config",
		Remedy: "holds configuration for Emissary, which is no part of a route: make objects of it",
	})
}

// translation is one call of Translate.
type translation struct {
	in     providers.Input
	routes []providers.Route // with that of the default backend

	// prefixes are the paths of all matches by prefix, of whatever host.
	prefixes map[string]bool

	claims  []claim
	objects []*unstructured.Unstructured
	notices []v1alpha1.Notice
}

func prefixesOf(all []providers.Route) map[string]bool {
	prefixes := map[string]bool{}
	for _, r := range all {
		for _, m := range routes.Matches(r, nil) {
			prefixes[m.Prefix] = true
		}
	}
	return prefixes
}

// translateHost makes the Mappings of one host. Emissary's prefix is one of strings; it
// prefers the longer path, and of two Mappings with the same path the longer host
// (ir/irhttpmapping.py, _route_weight; envoy/v3/v3route.py, V3Route).
func (t *translation) translateHost(host string) field.ErrorList {
	ofHost := routes.OfHost(t.routes, host)
	taken := routes.Exact(ofHost)
	for _, r := range ofHost {
		shares, exact := split(r.Backends)
		if !exact {
			t.notices = append(t.notices, roundedNotice(r, shares))
		}
		for _, m := range routes.Matches(r, taken) {
			g := t.groupOf(host, m)
			t.claims = append(t.claims, claim{g, r.Field})
			for _, s := range shares {
				t.objects = append(t.objects, t.mapping(g, m.Exact != "", s))
			}
		}
	}
	return routes.CheckSlashes(ofHost)
}

func (t *translation) groupOf(host string, m routes.Match) group {
	g := group{hostname: hostname(host), path: m.Exact + m.Prefix}
	if m.Exact != "" && t.prefixes[m.Exact] {
		g.precedence = exactFirst
	}
	return g
}

// hostname is the glob for a host; no host is every host.
func hostname(host string) string {
	if host == "" {
		return "*"
	}
	return host
}

// mapping writes one Mapping. The empty rewrite keeps the path: without it Emissary
// replaces the prefix by "/" (ir/irhttpmapping.py, __init__; envoy/v3/v3route.py).
func (t *translation) mapping(g group, exact bool, s share) *unstructured.Unstructured {
	spec := map[string]any{
		"hostname": g.hostname,
		"prefix":   g.path,
		"rewrite":  "",
		"service":  serviceURL(s.Backend, t.in.ClusterDomain),
		"resolver": serviceResolver,
	}
	form := "prefix"
	if exact {
		form = "exact"
		spec["prefix_exact"] = true
	}
	if g.precedence != 0 {
		spec["precedence"] = g.precedence
	}
	if s.percent > 0 {
		spec["weight"] = s.percent
	}
	if s.H2C {
		spec["grpc"] = true
	}
	path := hex.EncodeToString([]byte(g.path))
	return t.object(kindMapping, spec, append(hostParts(g.hostname), s.Service, strconv.Itoa(int(s.Port)), form, path)...)
}

// serviceURL names a Service in full, so that it does not depend on the namespace of
// Emissary. Its scheme says that TLS to the Service is Linkerd's (ir/ircluster.py).
func serviceURL(b providers.Backend, clusterDomain string) string {
	return "http://" + b.Destination(clusterDomain)
}

// hostParts are the parts of a name that stand for a host. No host is called "all" and
// "hosts" in two parts.
func hostParts(glob string) []string {
	if glob == "*" {
		return []string{"all", "hosts"}
	}
	return names.HostParts(glob)
}

// object writes an object of ours. Its name has no dots: Emissary's cache knows a
// Mapping by its name up to the first dot, so that of two with the same beginning one
// would be lost (ir/irbasemapping.py, make_cache_key).
func (t *translation) object(k providers.Kind, spec map[string]any, parts ...string) *unstructured.Unstructured {
	if all := ids(t.in.Class); len(all) > 0 {
		list := make([]any, 0, len(all))
		for _, id := range all {
			list = append(list, id)
		}
		spec["ambassador_id"] = list
	}
	name := strings.ReplaceAll(names.Of(t.in, parts...), ".", "-")
	obj := objects.New(k, t.in.Namespace, name, t.in.Labels, t.in.Annotations)
	obj.Object["spec"] = spec
	return obj
}
