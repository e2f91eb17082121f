// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gloo"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// matchersOf lists what the routes of a VirtualService match, in the order in which
// Envoy looks at them.
func matchersOf(t *testing.T, vs *unstructured.Unstructured) []string {
	t.Helper()
	var all []string
	for _, r := range routesOf(t, vs) {
		for _, m := range r.(map[string]any)["matchers"].([]any) {
			for _, kind := range []string{"exact", "prefix"} {
				if path, ok := m.(map[string]any)[kind]; ok {
					all = append(all, kind+" "+path.(string))
				}
			}
		}
	}
	return all
}

func TestPathsMatchByElementsInOrder(t *testing.T) {
	for name, tc := range map[string]struct {
		routes []providers.Route
		want   []string
	}{
		"the root is one prefix": {[]providers.Route{story.Prefix("h.test", "/")}, []string{"prefix /"}},
		"a prefix never reaches /foobar": {
			[]providers.Route{story.Prefix("h.test", "/foo")}, []string{"exact /foo", "prefix /foo/"},
		},
		"a slash at the end of a prefix does not count": {
			[]providers.Route{story.Prefix("h.test", "/foo/")}, []string{"exact /foo", "prefix /foo/"},
		},
		"exact comes first, whatever its length": {
			[]providers.Route{story.Prefix("h.test", "/a/b/c"), story.Exact("h.test", "/a")},
			[]string{"exact /a", "exact /a/b/c", "prefix /a/b/c/"},
		},
		"the longer prefix comes first": {
			[]providers.Route{story.Prefix("h.test", "/"), story.Prefix("h.test", "/a"), story.Prefix("h.test", "/a/b")},
			[]string{"exact /a/b", "prefix /a/b/", "exact /a", "prefix /a/", "prefix /"},
		},
		"a slash at the end makes no prefix longer": {
			[]providers.Route{story.Prefix("h.test", "/b"), story.Prefix("h.test", "/a/")},
			[]string{"exact /b", "prefix /b/", "exact /a", "prefix /a/"},
		},
		"the user's exact path wins over that of a prefix": {
			[]providers.Route{story.Prefix("h.test", "/foo"), story.Exact("h.test", "/foo")},
			[]string{"exact /foo", "prefix /foo/"},
		},
		"the exact root comes before the prefix of everything": {
			[]providers.Route{story.Prefix("h.test", "/"), story.Exact("h.test", "/")}, []string{"exact /", "prefix /"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := matchersOf(t, hosts(t, translate(t, input("", tc.routes...)))["h.test"])
			story.Diff(t, "matchers", tc.want, got)
		})
	}
}

func TestTheDefaultBackendTakesWhatIsLeft(t *testing.T) {
	fallback := backend("fallback")
	for name, tc := range map[string]struct {
		routes []providers.Route
		want   map[string][]string
	}{
		"no rules": {nil, map[string][]string{"*": {"prefix /"}}},
		"of a host and of all others": {
			[]providers.Route{story.Exact("a.test", "/x")},
			map[string][]string{"a.test": {"exact /x", "prefix /"}, "*": {"prefix /"}},
		},
		"but of no host that serves all": {
			[]providers.Route{story.Prefix("a.test", "/")}, map[string][]string{"a.test": {"prefix /"}, "*": {"prefix /"}},
		},
		"also of the names further below a wildcard": {
			[]providers.Route{story.Prefix("*.test", "/")},
			map[string][]string{"*.test": {"prefix /", "prefix /"}, "*": {"prefix /"}},
		},
		"after the rules for every host": {
			[]providers.Route{story.Exact("", "/x")}, map[string][]string{"*": {"exact /x", "prefix /"}},
		},
		"not where a rule for every host serves all": {
			[]providers.Route{story.Prefix("", "/")}, map[string][]string{"*": {"prefix /"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input("", tc.routes...)
			in.Default = &fallback
			got := map[string][]string{}
			for domain, vs := range hosts(t, translate(t, in)) {
				got[domain] = matchersOf(t, vs)
			}
			story.Diff(t, "matchers", tc.want, got)
		})
	}
}

func TestAWildcardIsHeldToOneLabel(t *testing.T) {
	fallback := backend("fallback")
	in := input("", story.Prefix("*.example.com", "/app"))
	in.Default = &fallback
	routes := routesOf(t, hosts(t, translate(t, in))["*.example.com"])
	narrow := []any{map[string]any{"name": ":authority", "regex": true, "value": `(?i)[^.]+\.example\.com`}}
	story.Diff[any](t, "first route", []any{
		map[string]any{"exact": "/app", "headers": narrow}, map[string]any{"prefix": "/app/", "headers": narrow},
	}, routes[0].(map[string]any)["matchers"])
	story.Diff[any](t, "default", []any{map[string]any{"prefix": "/"}}, routes[1].(map[string]any)["matchers"])
}

// destinations of the first route, each with the header that its options set.
func destinations(t *testing.T, vs *unstructured.Unstructured) map[string]int64 {
	t.Helper()
	list, _, err := unstructured.NestedSlice(routesOf(t, vs)[0].(map[string]any), "routeAction", "multi", "destinations")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int64{}
	for _, d := range list {
		name, _, _ := unstructured.NestedString(d.(map[string]any), "destination", "kube", "ref", "name")
		all[name], _, _ = unstructured.NestedInt64(d.(map[string]any), "weight")
	}
	return all
}

func TestWeights(t *testing.T) {
	weighing := func(service string, weight int32) providers.Backend {
		b := backend(service)
		b.Weight = weight
		return b
	}
	for _, header := range headers() {
		in := input(header, story.Route("h.test", "/", v1alpha1.PathTypePrefix, weighing("a", 70), weighing("b", 20), weighing("a", 10)))
		got := destinations(t, hosts(t, translate(t, in))["h.test"])
		story.Diff(t, "destinations with "+string(header), map[string]int64{"a": 80, "b": 20}, got)

		in = input(header, story.Route("h.test", "/", v1alpha1.PathTypePrefix, weighing("a", 70), weighing("a", 10)))
		route := routesOf(t, hosts(t, translate(t, in))["h.test"])[0].(map[string]any)
		if _, found, _ := unstructured.NestedMap(route, "routeAction", "single", "kube"); !found {
			t.Errorf("%s: one Service, twice, makes %v", header, route)
		}
	}
}

func TestTheSamePortIsNeededForTheSameDestination(t *testing.T) {
	other := backend("a")
	other.Port = 8080
	in := input("", story.Route("h.test", "/", v1alpha1.PathTypePrefix, backend("a"), other))
	list, _, _ := unstructured.NestedSlice(
		routesOf(t, hosts(t, translate(t, in))["h.test"])[0].(map[string]any), "routeAction", "multi", "destinations")
	story.Diff(t, "number of destinations", 2, len(list))
}

func TestCertificates(t *testing.T) {
	in := input("", story.Prefix("a.test", "/"), story.Prefix("b.c.test", "/"), story.Prefix("plain.test", "/"))
	in.TLS = []v1alpha1.TLS{
		{Hosts: []string{"a.test", "unused.test"}, SecretName: "a-tls"}, {Hosts: []string{"*.c.test"}, SecretName: "c-tls"},
	}
	plan := translate(t, in)
	for domain, want := range map[string]any{
		"a.test": map[string]any{
			"secretRef": map[string]any{"namespace": "default", "name": "a-tls"}, "sniDomains": []any{"a.test"},
		},
		"b.c.test": map[string]any{
			"secretRef": map[string]any{"namespace": "default", "name": "c-tls"}, "sniDomains": []any{"b.c.test"},
		},
		"plain.test": nil,
	} {
		got, _, _ := unstructured.NestedFieldNoCopy(hosts(t, plan)[domain].Object, "spec", "sslConfig")
		story.Diff(t, "sslConfig of "+domain, want, got)
	}
	var reasons []string
	for _, n := range plan.Notices {
		reasons = append(reasons, n.Reason)
		if n.Reason == gloo.ReasonHTTPSOnly && !strings.Contains(n.Message, "a.test and 1 more") {
			t.Errorf("%q does not name the hosts", n.Message)
		}
	}
	story.Diff(t, "notices", []string{"UnusedTLSHost", gloo.ReasonHTTPSOnly}, reasons)
}

func TestNamesAreValidAndDiffer(t *testing.T) {
	long := strings.Repeat("sub.", 30) + "example.com"
	seen := map[string]string{}
	for _, host := range []string{
		"", "every-host", "example.com", "*.example.com", "wildcard.example.com", "127.0.0.1.nip.io", long, "b" + long,
	} {
		name := translate(t, input("", story.Prefix(host, "/"))).Objects[0].GetName()
		if errs := validation.IsDNS1123Subdomain(name); len(errs) > 0 {
			t.Errorf("%q has the name %q: %v", host, name, errs)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q have the same name %q", host, other, name)
		}
		seen[name] = host
	}
}

func TestAHostKeepsItsNameWhenOthersCome(t *testing.T) {
	alone := hosts(t, translate(t, input("", story.Prefix("a.test", "/"))))
	joined := hosts(t, translate(t, input("", story.Prefix("b.test", "/"), story.Prefix("a.test", "/"))))
	story.Diff(t, "name", alone["a.test"].GetName(), joined["a.test"].GetName())
}
