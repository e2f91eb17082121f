// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
	"github.com/meshingress/meshingress/providers/internal/override"
)

// Exposed reports whether a client's l5d-dst-override passes through a VirtualService
// or a RouteTable, or, under header: Settings, to an Upstream.
//
// Under header: Settings Gloo sets the header on routes to Services, by kube or by an
// Upstream. An Upstream of anything else that Gloo reaches without TLS gets a client's
// header by whatever route, so it is reported itself. A route is reported that leads to
// neither (consul, clusterHeader, dynamicForwardProxy); that has one destination and
// options.headerManipulation, which replace the header (projects/gloo/pkg/plugins/
// headers/plugin.go, ProcessRoute, after linkerd in plugins/registry/registry.go); that
// names RouteOptions, which may hold the same; and that has one destination twice.
//
// Under the other headers a route is reported unless it, its virtual host or each of
// its destinations replaces or removes the header. What a route inherits from one that
// delegates to its RouteTable is not on the object, so it is reported all the same.
//
// Redirects and direct responses reach no Service. A strip for the whole Gateway
// (httpConnectionManagerSettings.earlyHeaderManipulation) is not on the objects either.
// Every VirtualService counts as of the class: Gloo knows no classes.
func (Provider) Exposed(class providers.Class, obj *unstructured.Unstructured) bool {
	audit := audit{native: headerOf(class) == v1alpha1.GlooSettings}
	switch obj.GroupVersionKind().GroupKind() {
	case kindVirtualService.GroupKind():
		vs, ok := objects.Decode[virtualService](obj)
		return !ok || (vs.Spec.VirtualHost != nil && audit.hostExposed(*vs.Spec.VirtualHost))
	case kindRouteTable.GroupKind():
		table, ok := objects.Decode[routeTable](obj)
		return !ok || slices.ContainsFunc(table.Spec.Routes, audit.routeExposed)
	case kindUpstream.GroupKind():
		return audit.native && upstreamExposed(obj)
	default:
		return false
	}
}

// audit looks at routes; native where Settings set the header.
type audit struct{ native bool }

// hostExposed asks the virtual host first: Envoy applies its headers after those of the
// routes, unless a listener has mostSpecificHeaderMutationsWins (envoyproxy/envoy
// docs/root/configuration/http/http_conn_man/headers.rst, "Custom request/response
// headers").
func (a audit) hostExposed(host virtualHost) bool {
	if mentioned, closed := host.Options.manipulates(); mentioned {
		return !closed && slices.ContainsFunc(host.Routes, leadsOn)
	}
	return slices.ContainsFunc(host.Routes, func(r route) bool { return a.routeExposed(host.inherited(r)) })
}

// inherited is a route with the transformations of its virtual host, where it has none.
func (h virtualHost) inherited(r route) route {
	if !h.Options.hasTransformations() || r.Options.hasTransformations() || r.OptionsConfigRefs != nil {
		return r
	}
	both := options{StagedTransformations: h.Options.StagedTransformations, Transformations: h.Options.Transformations}
	if r.Options != nil {
		both.HeaderManipulation = r.Options.HeaderManipulation
	}
	r.Options = &both
	return r
}

func leadsOn(r route) bool { return r.RouteAction != nil || r.DelegateAction != nil }

// routeExposed asks the route before its destinations, for the same reason.
func (a audit) routeExposed(r route) bool {
	if mentioned, closed := r.Options.manipulates(); mentioned {
		return !closed && leadsOn(r)
	}
	if r.RouteAction == nil {
		return a.native && r.DelegateAction != nil && r.replaces()
	}
	return a.actionExposed(r, r.RouteAction)
}

func (a audit) actionExposed(r route, action *routeAction) bool {
	switch {
	case r.Options.transforms() && !action.transformed():
		return false
	case action.Multi != nil:
		return a.multiExposed(*action.Multi)
	case !a.native:
		return true
	case action.UpstreamGroup != nil:
		return false
	default:
		return action.Single == nil || action.Single.Consul != nil || r.replaces()
	}
}

// replaces reports whether the options of a route, or those that it names, take the
// place of the header that Settings set.
func (r route) replaces() bool {
	return (r.Options != nil && r.Options.HeaderManipulation != nil) || r.OptionsConfigRefs != nil
}

// transformed reports whether a destination has transformations of its own, which take
// the place of the route's.
func (a routeAction) transformed() bool {
	return a.Multi != nil && slices.ContainsFunc(a.Multi.Destinations, func(d weightedDestination) bool {
		return d.Options.hasTransformations()
	})
}

// multiExposed looks at each destination. The header of Settings is put in place of
// what a destination adds, beside what it removes (projects/gloo/pkg/plugins/linkerd/
// plugin.go, configForMultiDestination).
func (a audit) multiExposed(multi multiDestination) bool {
	seen := map[destinationKey]bool{}
	for _, d := range multi.Destinations {
		key := d.Destination.key()
		set := a.native && d.Destination.Consul == nil && !seen[key]
		seen[key] = true
		if !set && !d.Options.closes() {
			return true
		}
	}
	return false
}

// destinationKey tells destinations apart.
type destinationKey struct {
	upstream bool
	ref      resourceRef
	port     int64
}

func (d destination) key() destinationKey {
	switch {
	case d.Kube != nil:
		return destinationKey{ref: d.Kube.Ref, port: d.Kube.Port}
	case d.Upstream != nil:
		return destinationKey{upstream: true, ref: *d.Upstream}
	default:
		return destinationKey{}
	}
}

// closes reports whether a client's header is gone after the options.
func (o *options) closes() bool {
	mentioned, closed := o.manipulates()
	return (mentioned && closed) || (!mentioned && o.transforms())
}

// manipulates tells whether headerManipulation mentions the header, and whether the
// client's value is gone after it. Envoy removes before it adds, and takes "%" for its
// own variables, some of which a client fills in.
func (o *options) manipulates() (mentioned, closed bool) {
	if o == nil || o.HeaderManipulation == nil {
		return false, false
	}
	closed = slices.ContainsFunc(o.HeaderManipulation.RequestHeadersToRemove, override.Is)
	mentioned = closed
	for _, h := range o.HeaderManipulation.RequestHeadersToAdd {
		if h.Header == nil || !override.Is(h.Header.Key) {
			continue
		}
		replaces := closed || (h.Append != nil && !*h.Append)
		mentioned, closed = true, replaces && !strings.Contains(h.Header.Value, "%")
	}
	return mentioned, closed
}

func (o *options) hasTransformations() bool {
	return o != nil && (o.StagedTransformations != nil || o.Transformations != nil)
}

// transforms reports whether the transformation of every request removes or replaces
// the header.
func (o *options) transforms() bool {
	if !o.hasTransformations() {
		return false
	}
	applied := o.Transformations
	if staged := o.StagedTransformations; staged != nil && staged.Regular != nil {
		if len(staged.Regular.RequestTransforms) == 0 {
			return false
		}
		applied = &staged.Regular.RequestTransforms[0]
	}
	if applied == nil || applied.Matcher != nil || applied.RequestTransformation == nil {
		return false
	}
	t := applied.RequestTransformation.TransformationTemplate
	return t != nil && t.closes()
}

func (t transformationTemplate) closes() bool {
	if slices.ContainsFunc(t.HeadersToAppend, func(h headerToAppend) bool { return override.Is(h.Key) }) {
		return false
	}
	closed := slices.ContainsFunc(t.HeadersToRemove, override.Is)
	for name, value := range t.Headers {
		if override.Is(name) {
			closed = closed || !strings.ContainsAny(value.Text, "{#")
		}
	}
	return closed
}

// upstreamExposed reports whether an Upstream is no Service's, and reached in the
// clear. Linkerd's proxy does not look into TLS, and a pipe does not pass it. Static
// ones use TLS where they say so, and at port 443 where they say nothing
// (projects/gloo/pkg/plugins/static/plugin.go, ProcessUpstream); aws, azure, gcp and ai
// always do.
func upstreamExposed(obj *unstructured.Unstructured) bool {
	u, ok := objects.Decode[upstream](obj)
	switch {
	case !ok:
		return true
	case u.Spec.SSLConfig != nil:
		return false
	case u.Spec.Static != nil && u.Spec.Static.UseTLS != nil:
		return !*u.Spec.Static.UseTLS
	case u.Spec.Static != nil:
		return !slices.ContainsFunc(u.Spec.Static.Hosts, func(h staticHost) bool { return h.Port == 443 })
	default:
		return u.Spec.Consul != nil || u.Spec.AwsEc2 != nil
	}
}

// upstream is the part of an Upstream that says what it leads to
// (projects/gloo/api/v1/upstream.proto).
type upstream struct {
	Spec struct {
		SSLConfig *struct{} `json:"sslConfig"`
		Static    *struct {
			UseTLS *bool        `json:"useTls"`
			Hosts  []staticHost `json:"hosts"`
		} `json:"static"`
		Consul *struct{} `json:"consul"`
		AwsEc2 *struct{} `json:"awsEc2"`
	} `json:"spec"`
}

type staticHost struct {
	Port int64 `json:"port"`
}
