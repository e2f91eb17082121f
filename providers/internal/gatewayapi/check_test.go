// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi

import (
	"cmp"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestPathsThatTheSchemaRefuses(t *testing.T) {
	for path, refused := range map[string]bool{
		"/": false, "/a/": false, "/a.b/..c/.d/e..": false, "/...": false, "/%2e": false, "/a%20b": false,
		"//": true, "/a//b": true, "/./a": true, "/a/../b": true, "/a/..": true, "/a/.": true, "/a%2Fb": true, "/%2f": true,
	} {
		var want []story.Failure
		if refused {
			want = []story.Failure{story.Invalid("spec.rules[0].paths[0].path")}
		}
		story.Diff(t, path, want, failures(t, input(t, exact("example.com", path, backend("web")))))
	}
}

func TestWhatAListenerTakes(t *testing.T) {
	const all = "allowedRoutes: {namespaces: {from: All}}"
	for name, tc := range map[string]struct {
		listeners, section, namespace string
		taken                         bool
	}{
		"the Gateway's namespace, by default": {"{name: a, protocol: HTTP}", "", "infra", true},
		"no other, by default":                {"{name: a, protocol: HTTP}", "", "default", false},
		"every namespace":                     {"{name: a, protocol: HTTP, " + all + "}", "", "default", true},
		"none": {
			"{name: a, protocol: HTTP, allowedRoutes: {namespaces: {from: None}}}", "", "infra", false,
		},
		"by labels, which are not seen": {
			"{name: a, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector}}}", "", "default", true,
		},
		"one of two":             {"{name: a, protocol: HTTP}, {name: b, protocol: HTTPS, " + all + "}", "", "default", true},
		"not the one named":      {"{name: a, protocol: HTTP}, {name: b, protocol: HTTPS, " + all + "}", "a", "default", false},
		"not one that is absent": {"{name: a, protocol: HTTP}", "b", "infra", false},
		"no bytes":               {"{name: a, protocol: TCP}", "", "infra", false},
		"no TLS passed on":       {"{name: a, protocol: TLS}", "", "infra", false},
		"a protocol of its own":  {"{name: a, protocol: example.com/quic}", "", "infra", true},
		"the kind":               {"{name: a, protocol: HTTP, allowedRoutes: {kinds: [{kind: HTTPRoute}]}}", "", "infra", true},
		"no other kind":          {"{name: a, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}", "", "infra", false},
		"not of another group": {
			"{name: a, protocol: HTTP, allowedRoutes: {kinds: [{group: example.com, kind: HTTPRoute}]}}", "", "infra", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, prefix("example.com", "/", backend("web")))
			in.Namespace = tc.namespace
			ref := *class.Spec.GatewayRef
			ref.SectionName = tc.section
			in.Class.Spec.GatewayRef = &ref
			in.Objects = []*unstructured.Unstructured{gateway(t, "listeners: ["+tc.listeners+"]")}
			want := []story.Failure{story.Invalid("spec.className")}
			if tc.taken {
				want = nil
			}
			story.Diff(t, "errors", want, failures(t, in))
		})
	}
}

func TestTheHostsOfAListener(t *testing.T) {
	for name, tc := range map[string]struct {
		listener, host string
		taken          bool
	}{
		"the same":            {"a.example.com", "a.example.com", true},
		"another":             {"b.example.com", "a.example.com", false},
		"below, at any depth": {"*.example.com", "a.b.example.com", true},
		"not itself":          {"*.example.com", "example.com", false},
		"some of those below": {"a.example.com", "*.example.com", true},
		"narrower wildcard":   {"*.b.example.com", "*.example.com", true},
		"another wildcard":    {"*.example.org", "*.example.com", false},
		"a suffix only":       {"*.ample.com", "a.example.com", false},
		"every host":          {"a.example.com", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, prefix(tc.host, "/", backend("web")))
			in.Namespace = "infra"
			in.Objects = []*unstructured.Unstructured{
				gateway(t, "listeners: [{name: other, protocol: TCP}, {name: a, protocol: HTTP, hostname: '"+tc.listener+"'}]"),
			}
			want := []story.Failure{story.Invalid("spec.rules[0].paths[0]")}
			if tc.taken {
				want = nil
			}
			story.Diff(t, "errors", want, failures(t, in))
		})
	}
}

func TestWithoutTheGatewayThereAreRoutesAndANotice(t *testing.T) {
	in := input(t, prefix("example.com", "/", backend("web")))
	in.Objects = []*unstructured.Unstructured{object(t, KindGateway, "other", "edge", "spec: {}")}
	story.Diff(t, "kinds", []string{"HTTPRoute"}, kinds(t, in, Style{}))
	story.Diff(t, "notices", []string{ReasonGatewayNotFound}, reasons(t, in, Style{}))
}

func TestReadsAskOnlyForWhatIsServed(t *testing.T) {
	in := input(t)
	in.Default = new(backend("web"))
	all := []providers.Read{{Kind: KindGateway, Namespace: "infra"}, {Kind: KindGatewayClass}, {Kind: KindHTTPRoute}}
	story.Diff(t, "with all", all, Reads(in))
	in.Default = nil
	story.Diff(t, "without default backend", all[:2], Reads(in))
	delete(in.Served, KindGatewayClass)
	story.Diff(t, "without GatewayClass", nil, Reads(in))
	in = input(t)
	in.Class = providers.Class{Name: "public"}
	story.Diff(t, "without gatewayRef", nil, Reads(in))
}

// Of two rules with one match the older wins, so ours must not be where theirs is.
func TestTheDefaultBackendTakesWhatIsLeft(t *testing.T) {
	for name, tc := range map[string]struct {
		routes []providers.Route
		want   []string
	}{
		"of every host":               {nil, []string{"* /"}},
		"of a host that leaves some":  {[]providers.Route{exact("a", "/", backend("b"))}, []string{"a /", "a /", "* /"}},
		"of no host that takes all":   {[]providers.Route{prefix("a", "/", backend("b"))}, []string{"a /", "* /"}},
		"nothing where all are taken": {[]providers.Route{prefix("", "/", backend("b"))}, []string{"* /"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, tc.routes...)
			in.Default = new(backend("web"))
			got, notices := withDefault(in)
			story.Diff(t, "routes", tc.want, described(got))
			if len(notices) > 0 {
				t.Errorf("notices: %v", notices)
			}
		})
	}
}

func TestTheDefaultBackendKeepsOffWhatOthersServe(t *testing.T) {
	const here = "parentRefs: [{name: edge, namespace: infra}], hostnames: [a], "
	for name, tc := range map[string]struct {
		spec, owner string
		want        []string
	}{
		"all of the host":  {here + "rules: [{}]", "", []string{"a /x", "* /"}},
		"all, in words":    {here + "rules: [{matches: [{path: {type: PathPrefix, value: /}}]}]", "", []string{"a /x", "* /"}},
		"all of all hosts": {"parentRefs: [{name: edge, namespace: infra}], rules: [{}]", "", []string{"a /x", "a /"}},
		"our own":          {here + "rules: [{}]", "MeshIngress/default/web", nil},
		"another path":     {here + "rules: [{matches: [{path: {value: /y}}]}]", "", nil},
		"an exact path":    {here + "rules: [{matches: [{path: {type: Exact, value: /}}]}]", "", nil},
		"one method":       {here + "rules: [{matches: [{method: POST}]}]", "", nil},
		"another host":     {"parentRefs: [{name: edge, namespace: infra}], hostnames: [b], rules: [{}]", "", nil},
		"another Gateway":  {"parentRefs: [{name: edge}], hostnames: [a], rules: [{}]", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			other := object(t, KindHTTPRoute, "shop", "site", "spec: {"+tc.spec+"}")
			other.SetAnnotations(map[string]string{v1alpha1.OwnerAnnotation: tc.owner})
			in := input(t, exact("a", "/x", backend("b")))
			in.Default = new(backend("web"))
			in.Objects = append(in.Objects, other)
			want, taken := []string{"a /x", "a /", "* /"}, tc.want != nil
			if taken {
				want = tc.want
			}
			got, notices := withDefault(in)
			story.Diff(t, "routes", want, described(got))
			if taken != (len(notices) == 1) {
				t.Errorf("notices: %v", notices)
			}
		})
	}
}

// described are routes as "<host> <path>".
func described(routes []providers.Route) []string {
	var all []string
	for _, r := range routes {
		all = append(all, cmp.Or(r.Host, "*")+" "+r.Path)
	}
	return all
}
