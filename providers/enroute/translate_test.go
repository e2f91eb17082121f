// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package enroute_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/enroute"
	"github.com/meshingress/meshingress/providers/internal/notices"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestOneGatewayHostPerHost(t *testing.T) {
	gatewayHost := func(fqdn string, routes ...any) map[string]any {
		return map[string]any{"virtualhost": map[string]any{"fqdn": fqdn}, "routes": routes}
	}
	story.Diff(t, "specs", []map[string]any{
		gatewayHost("example.com", route("/", service("web-svc")), route("/b", service("web-svc"))),
		gatewayHost("*.example.com", route("/", service("web-svc"))),
		gatewayHost("*", route("/a", service("web-svc"))),
	}, translate(t, input(
		prefix("example.com", "/"), prefix("*.example.com", "/"), prefix("", "/a"), prefix("example.com", "/b/"),
	)))
}

func TestServices(t *testing.T) {
	grpc := story.Weighted("voting", 10)
	grpc.H2C = true
	heavy, light := service("web"), service("voting")
	heavy["weight"], light["weight"], light["protocol"] = int64(90), int64(10), "h2c"
	in := input(to("example.com", "/", v1alpha1.PathTypePrefix, story.Weighted("web", 90), grpc))
	story.Diff(t, "routes", any([]any{route("/", heavy, light)}), translate(t, in)[0]["routes"])
}

func TestDefaultBackendTakesWhatIsLeftOfEachHost(t *testing.T) {
	fallback := story.Weighted("fallback", 1)
	tests := map[string]struct {
		routes []providers.Route
		want   map[string][]any // by fqdn
	}{
		"alone": {nil, map[string][]any{"*": {route("/", service("fallback"))}}},
		"beside a host with a path": {
			[]providers.Route{prefix("example.com", "/a")}, map[string][]any{
				"example.com": {route("/a", service("web-svc")), route("/", service("fallback"))},
				"*":           {route("/", service("fallback"))},
			},
		},
		"beside a host that has all": {
			[]providers.Route{prefix("example.com", "/")}, map[string][]any{
				"example.com": {route("/", service("web-svc"))}, "*": {route("/", service("fallback"))},
			},
		},
		"beside a rule for every host": {
			[]providers.Route{prefix("", "/a")}, map[string][]any{
				"*": {route("/a", service("web-svc")), route("/", service("fallback"))},
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(tc.routes...)
			in.Default = &fallback
			got := map[string][]any{}
			for _, spec := range translate(t, in) {
				got[spec["virtualhost"].(map[string]any)["fqdn"].(string)] = spec["routes"].([]any)
			}
			story.Diff(t, "routes", tc.want, got)
		})
	}
}

func TestPathsThatMeanSomethingElse(t *testing.T) {
	refused := func(route string) []story.Failure { return []story.Failure{story.Invalid(route + ".path")} }
	for path, want := range map[string][]story.Failure{
		"/a+b": refused("/a+b (Prefix)"), "/a*": refused("/a* (Prefix)"), "/a%20b": refused("/a%20b (Prefix)"),
		"/a/../b": refused("/a/../b (Prefix)"), "/a//b": refused("/a//b (Prefix)"), "/a$(b).c~": nil,
	} {
		story.Diff(t, "failures of "+path, want, failures(t, input(prefix("", path))))
	}
	story.Diff(t, "two that are the same", []story.Failure{story.Duplicate("/a/ (Prefix).path")},
		failures(t, input(prefix("", "/a"), prefix("", "/a/"))))
}

func TestHostOfAnotherGatewayHostIsLeftAlone(t *testing.T) {
	taken := []story.Failure{story.Duplicate("example.com/ (Prefix)")}
	tests := map[string]struct {
		annotations, fqdn string
		want              []story.Failure
	}{
		"the same":                 {"{enroute.saaras.io/ingress.class: enroute-public}", "example.com", taken},
		"of the class, by Ingress": {"{kubernetes.io/ingress.class: enroute-public}", "example.com", taken},
		"of no class":              {"{}", "example.com", taken},
		"of another class":         {"{enroute.saaras.io/ingress.class: internal}", "example.com", nil},
		"of another class first": {
			"{enroute.saaras.io/ingress.class: internal, kubernetes.io/ingress.class: enroute-public}", "example.com", nil,
		},
		"another host": {"{}", "example.org", nil},
		"every host":   {"{}", "*", nil},
		"our own":      {"{networking.meshingress.dev/owned-by: MeshIngress/default/web}", "example.com", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(prefix("example.com", "/"), prefix("example.com", "/api"))
			in.Objects = []*unstructured.Unstructured{gatewayHost(t, tc.annotations, tc.fqdn)}
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestDefaultBackendNeedsEveryHost(t *testing.T) {
	in := input()
	fallback := story.Weighted("fallback", 1)
	in.Default = &fallback
	in.Objects = []*unstructured.Unstructured{gatewayHost(t, "{}", "*")}
	story.Diff(t, "failures", []story.Failure{story.Duplicate("spec.rules[0].paths[0].backends[0].service")}, failures(t, in))
}

func TestTLS(t *testing.T) {
	tests := map[string]struct {
		host  string
		hosts []string
		want  []story.Failure
	}{
		"the host itself":     {"example.com", []string{"example.com"}, nil},
		"a wildcard above it": {"www.example.com", []string{"*.example.com"}, nil},
		"a wildcard host": {
			"*.example.com",
			[]string{"example.com", "*.example.com"},
			[]story.Failure{story.Forbidden("spec.tls[0].hosts[1]")},
		},
		"a wildcard that is not used": {"*.example.com", []string{"*.example.org"}, nil},
		"no hosts":                    {"example.com", nil, []story.Failure{story.Required("spec.tls[0].hosts")}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(prefix(tc.host, "/"))
			in.TLS = []v1alpha1.TLS{{Hosts: tc.hosts, SecretName: "web-tls"}}
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestTemplateCannotNameAnotherClass(t *testing.T) {
	for _, key := range []string{"kubernetes.io/ingress.class", "enroute.saaras.io/ingress.class"} {
		in := input(prefix("example.com", "/"))
		in.Annotations = map[string]string{key: "internal"}
		story.Diff(t, "failures for "+key, []story.Failure{
			story.Forbidden("spec.template.annotations[" + key + "]"),
		}, failures(t, in))
	}
}

func TestMoreThanAsked(t *testing.T) {
	story.Diff(t, "nothing", nil, reasons(t, input(prefix("example.com", "/"))))
	story.Diff(t, "a path", []string{enroute.ReasonPrefixOfText}, reasons(t, input(prefix("example.com", "/a/"))))
	story.Diff(t, "a wildcard", []string{notices.ReasonWildcardHostIsDeep}, reasons(t, input(prefix("*.example.com", "/"))))
}
