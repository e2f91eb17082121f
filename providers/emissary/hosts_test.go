// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func withTLS(hosts ...string) []v1alpha1.TLS {
	return []v1alpha1.TLS{{Hosts: hosts, SecretName: "web.tls"}}
}

func TestHostWithACertificate(t *testing.T) {
	in := input(prefix("example.com", "/"), prefix("example.com", "/api"), prefix("example.org", "/"))
	in.TLS = withTLS("example.com")
	in.Objects = []*unstructured.Unstructured{host(t, `{hostname: "*"}`)}
	story.Diff(t, "Hosts", []map[string]any{{
		"hostname":  "example.com",
		"tlsSecret": map[string]any{"name": "web.tls", "namespace": "default"},
	}}, translate(t, "Host", in))
}

func TestTLSThatWouldHarmOthers(t *testing.T) {
	tests := map[string]struct {
		hosts []string
		want  []story.Failure
	}{
		"the first Host": {nil, []story.Failure{story.Forbidden("spec.tls")}},
		"the first Host of this installation": {
			[]string{`{hostname: "*", ambassador_id: [internal]}`}, []story.Failure{story.Forbidden("spec.tls")},
		},
		"the same hostname": {
			[]string{`{hostname: "*"}`, "{hostname: example.com}"},
			[]story.Failure{story.Duplicate("example.com/ (Prefix)")},
		},
		"a wildcard above it": {[]string{`{hostname: "*.com"}`}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(prefix("example.com", "/"))
			in.TLS = withTLS("example.com")
			for _, spec := range tc.hosts {
				in.Objects = append(in.Objects, host(t, spec))
			}
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestTLSWithoutHosts(t *testing.T) {
	in := input(prefix("example.com", "/"))
	in.TLS = withTLS()
	story.Diff(t, "failures", []story.Failure{story.Required("spec.tls[0].hosts")}, failures(t, in))
}

// Where there is a Host, only hosts with one are served.
func TestRoutesWithoutAHostAreTold(t *testing.T) {
	tests := map[string]struct {
		host, spec string
		served     bool
	}{
		"the same":                   {"example.com", "{hostname: example.com}", true},
		"every host":                 {"example.com", `{hostname: "*"}`, true},
		"no hostname is every host":  {"example.com", "{}", true},
		"a wildcard above it":        {"www.example.com", `{hostname: "*.example.com"}`, true},
		"a wildcard at its end":      {"example.com", `{hostname: "example.*"}`, true},
		"another wildcard":           {"www.example.com", `{hostname: "*.example.org"}`, false},
		"a wildcard with a Host":     {"*.example.com", "{hostname: www.example.com}", true},
		"a rule for every host":      {"", "{hostname: example.com}", true},
		"another host":               {"example.com", "{hostname: example.org}", false},
		"labels that it has":         {"example.com", `{hostname: "*", mappingSelector: {matchLabels: {team: web}}}`, true},
		"labels that it has not":     {"example.com", `{hostname: "*", mappingSelector: {matchLabels: {team: db}}}`, false},
		"labels by the former field": {"example.com", `{hostname: "*", selector: {matchLabels: {team: db}}}`, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(prefix(tc.host, "/"))
			in.Labels = map[string]string{"team": "web"}
			in.Objects = []*unstructured.Unstructured{host(t, tc.spec)}
			story.Diff(t, "told", !tc.served, slices.Contains(reasons(t, in), emissary.ReasonNoHost))
		})
	}
	story.Diff(t, "notices without any Host", nil, reasons(t, input(prefix("example.com", "/"))))
}
