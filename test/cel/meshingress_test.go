// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// The messages of rules that several cases provoke.
const (
	dnsName       = "must be a DNS name in lower case"
	pathMessage   = "must begin with '/' and hold only the characters of a URL path"
	authPath      = "must begin with '/' and hold only letters, digits and '/._~-'"
	oneOfPort     = "set exactly one of number and name"
	portName      = "must be the name of a Service port"
	serviceName   = "must be the name of a Service:"
	namespaceName = "must be the name of a Namespace"
	tooMany       = "Too many"
	somewhere     = "set at least one of rules and defaultBackend"
)

// validMeshIngress has every part of the spec.
func validMeshIngress() *v1alpha1.MeshIngress {
	return builders.MeshIngress("web", "default",
		builders.WithClass("traefik"),
		builders.WithRule("example.com", "/", "web-svc", 80),
		builders.WithDefaultBackend("web-svc", "http"),
		builders.WithTLS("web-tls", "example.com"),
		builders.WithExternalAuth("auth", "authn", 8080, "/verify"),
		builders.WithTemplate(map[string]string{"team": "web"}, map[string]string{"cert-manager.io/issuer": "ca"}),
	)
}

func host(name string) func(*v1alpha1.MeshIngress) {
	return func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Host = name }
}

func tlsHost(name string) func(*v1alpha1.MeshIngress) {
	return func(mi *v1alpha1.MeshIngress) { mi.Spec.TLS[0].Hosts = []string{name} }
}

func secret(name string) func(*v1alpha1.MeshIngress) {
	return func(mi *v1alpha1.MeshIngress) { mi.Spec.TLS[0].SecretName = name }
}

func path(path string) func(*v1alpha1.MeshIngress) {
	return func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Paths[0].Path = path }
}

func verifyPath(path string) func(*v1alpha1.MeshIngress) {
	return func(mi *v1alpha1.MeshIngress) { mi.Spec.ExternalAuth.Path = path }
}

func backends(backends ...v1alpha1.Backend) func(*v1alpha1.MeshIngress) {
	return func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Paths[0].Backends = backends }
}

func ruleRejections() []rejection[*v1alpha1.MeshIngress] {
	const hostField, pathsField = "spec.rules[0].host", "spec.rules[0].paths"
	const pathField = pathsField + "[0].path"
	return []rejection[*v1alpha1.MeshIngress]{
		{
			name: "no rules and no default backend", field: "spec", message: somewhere,
			mutate: func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules, mi.Spec.DefaultBackend = nil, nil },
		},

		{name: "a host with a backtick", mutate: host("a`b.com"), field: hostField, message: dnsName},
		{name: "a host with a wildcard in the middle", mutate: host("a.*.com"), field: hostField, message: dnsName},
		{name: "a host with a wildcard inside a label", mutate: host("a*.example.com"), field: hostField, message: dnsName},
		{name: "a host that is only a wildcard", mutate: host("*"), field: hostField, message: dnsName},
		{name: "a host in upper case", mutate: host("Example.com"), field: hostField, message: dnsName},
		{name: "a host with a port", mutate: host("example.com:80"), field: hostField, message: dnsName},
		{name: "a host with a newline", mutate: host("example.com\n"), field: hostField, message: dnsName},
		{name: "a host with an empty label", mutate: host("a..com"), field: hostField, message: dnsName},
		{name: "a host that ends in a dot", mutate: host("example.com."), field: hostField, message: dnsName},
		{name: "a host that is too long", mutate: host(strings.Repeat("a.", 126) + "aa"), field: hostField, message: "Too long"},

		{name: "a path with a newline", mutate: path("/a\nb"), field: pathField, message: pathMessage},
		{name: "a path that ends in a newline", mutate: path("/a\n"), field: pathField, message: pathMessage},
		{name: "a path with a backtick", mutate: path("/a`b"), field: pathField, message: pathMessage},
		{name: "a path with a quote", mutate: path(`/a"b`), field: pathField, message: pathMessage},
		{name: "a path with braces", mutate: path("/{a}"), field: pathField, message: pathMessage},
		{name: "a path with a space", mutate: path("/a b"), field: pathField, message: pathMessage},
		{name: "a path without a slash", mutate: path("a"), field: pathField, message: pathMessage},
		{name: "a path with a query", mutate: path("/a?b"), field: pathField, message: pathMessage},
		{name: "a path with half an escape", mutate: path("/a%2"), field: pathField, message: pathMessage},
		{name: "a path with a bad escape", mutate: path("/a%zz"), field: pathField, message: pathMessage},
		{name: "a path outside ASCII", mutate: path("/ä"), field: pathField, message: pathMessage},
		{name: "a path that is too long", mutate: path("/" + strings.Repeat("a", 512)), field: pathField, message: "Too long"},
		{name: "no path", mutate: path(""), field: pathField, message: "at least 1 chars long"},
		{
			name: "a path type of an Ingress that is not one of ours", field: pathsField + "[0].pathType",
			message: "Unsupported value", mutate: func(mi *v1alpha1.MeshIngress) {
				mi.Spec.Rules[0].Paths[0].PathType = "ImplementationSpecific"
			},
		},

		{
			name: "weights that are all zero", field: pathsField + "[0]", message: "at least one backend needs a weight above 0",
			mutate: backends(builders.WeightedBackend("a", 80, 0), builders.WeightedBackend("b", 80, 0)),
		},
		{
			name: "a weight below zero", field: pathsField + "[0].backends[0].weight", message: "greater than or equal to 0",
			mutate: backends(builders.WeightedBackend("a", 80, -1), builders.WeightedBackend("b", 80, 1)),
		},
		{
			name: "a weight that is too high", field: pathsField + "[0].backends[0].weight", message: "less than or equal to 1000000",
			mutate: backends(builders.WeightedBackend("a", 80, 1000001)),
		},

		{
			name: "a host twice", field: "spec.rules[1]", message: "Duplicate value",
			mutate: func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules = append(mi.Spec.Rules, mi.Spec.Rules[0]) },
		},
		{
			name: "a path twice with one type", field: pathsField + "[1]", message: "Duplicate value",
			mutate: builders.WithRule("example.com", "/", "other", 80),
		},
	}
}

func boundRejections() []rejection[*v1alpha1.MeshIngress] {
	return []rejection[*v1alpha1.MeshIngress]{
		{name: "33 hosts", field: "spec.rules", message: tooMany, mutate: func(mi *v1alpha1.MeshIngress) { addHosts(mi, 33) }},
		{
			name: "65 paths", field: "spec.rules[0].paths", message: tooMany,
			mutate: func(mi *v1alpha1.MeshIngress) { addPaths(mi, 65) },
		},
		{
			name: "no paths", field: "spec.rules[0].paths", message: "at least 1 items",
			mutate: func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Paths = []v1alpha1.Path{} },
		},
		{
			name: "17 backends", field: "spec.rules[0].paths[0].backends", message: tooMany,
			mutate: backends(make17()...),
		},
		{
			name: "65 certificates", field: "spec.tls", message: tooMany,
			mutate: func(mi *v1alpha1.MeshIngress) { mi.Spec.TLS = repeat(mi.Spec.TLS[0], 65) },
		},
		{
			name: "33 hosts of a certificate", field: "spec.tls[0].hosts", message: tooMany,
			mutate: func(mi *v1alpha1.MeshIngress) { mi.Spec.TLS[0].Hosts = hosts(33) },
		},
		{
			name: "a host of a certificate twice", field: "spec.tls[0].hosts[1]", message: "Duplicate value",
			mutate: func(mi *v1alpha1.MeshIngress) { mi.Spec.TLS[0].Hosts = []string{"a.com", "a.com"} },
		},
		{
			name: "33 labels", field: "spec.template.labels", message: tooMany,
			mutate: func(mi *v1alpha1.MeshIngress) { mi.Spec.Template.Labels = properties(33) },
		},
		{
			name: "65 annotations", field: "spec.template.annotations", message: tooMany,
			mutate: func(mi *v1alpha1.MeshIngress) { mi.Spec.Template.Annotations = properties(65) },
		},
		{
			name: "a className that is too long", field: "spec.className", message: "Too long",
			mutate: builders.WithClass(strings.Repeat("a", 254)),
		},
	}
}

func otherRejections() []rejection[*v1alpha1.MeshIngress] {
	const tlsField, secretField, authField = "spec.tls[0].hosts[0]", "spec.tls[0].secretName", "spec.externalAuth.path"
	return []rejection[*v1alpha1.MeshIngress]{
		{name: "a certificate's host in upper case", mutate: tlsHost("A.com"), field: tlsField, message: dnsName},
		{name: "a certificate's host with a backtick", mutate: tlsHost("a`.com"), field: tlsField, message: dnsName},
		{name: "an empty host of a certificate", mutate: tlsHost(""), field: tlsField, message: "at least 1 chars long"},
		{name: "a Secret name in upper case", mutate: secret("Web"), field: secretField, message: "must be the name of a Secret"},
		{name: "a Secret of another namespace", mutate: secret("a/b"), field: secretField, message: "must be the name of a Secret"},
		{name: "no Secret name", mutate: secret(""), field: secretField, message: "at least 1 chars long"},

		{name: "a path of the question without a slash", mutate: verifyPath("verify"), field: authField, message: authPath},
		{name: "a path of the question with an escape", mutate: verifyPath("/a%20b"), field: authField, message: authPath},
		{name: "a path of the question with a newline", mutate: verifyPath("/a\nb"), field: authField, message: authPath},

		{
			name: "a label value that is too long", field: "spec.template.labels", message: "label keys are at most 316",
			mutate: func(mi *v1alpha1.MeshIngress) {
				mi.Spec.Template.Labels = map[string]string{"a": strings.Repeat("a", 64)}
			},
		},
		{
			name: "a label key that is too long", field: "spec.template.labels", message: "label keys are at most 316",
			mutate: func(mi *v1alpha1.MeshIngress) {
				mi.Spec.Template.Labels = map[string]string{strings.Repeat("a", 317): "a"}
			},
		},
		{
			name: "an annotation that is too long", field: "spec.template.annotations", message: "annotation keys are at most 316",
			mutate: func(mi *v1alpha1.MeshIngress) {
				mi.Spec.Template.Annotations = map[string]string{"a": strings.Repeat("a", 4097)}
			},
		},
		{
			name: "an unknown deletionPolicy", field: "spec.deletionPolicy", message: "Unsupported value",
			mutate: builders.WithDeletionPolicy("Keep"),
		},
	}
}

func meshIngressRejections() []rejection[*v1alpha1.MeshIngress] {
	var cases []rejection[*v1alpha1.MeshIngress]
	cases = append(cases, serviceRejections()...)
	cases = append(cases, ruleRejections()...)
	cases = append(cases, boundRejections()...)
	cases = append(cases, authorizationRejections()...)
	return append(cases, otherRejections()...)
}

func addHosts(mi *v1alpha1.MeshIngress, n int) {
	for _, name := range hosts(n - 1) {
		builders.WithRule(name, "/", "web-svc", 80)(mi)
	}
}

func addPaths(mi *v1alpha1.MeshIngress, n int) {
	for i := range n - 1 {
		builders.WithRule("example.com", fmt.Sprintf("/%d", i), "web-svc", 80)(mi)
	}
}

func hosts(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("host-%d.example.com", i))
	}
	return names
}

func properties(n int) map[string]string {
	m := map[string]string{}
	for _, name := range hosts(n) {
		m[name] = ""
	}
	return m
}

func make17() []v1alpha1.Backend { return repeat(builders.Backend("web-svc", 80), 17) }

func repeat[T any](item T, n int) []T {
	var items []T
	for range n {
		items = append(items, item)
	}
	return items
}

var _ = Describe("MeshIngress", func() {
	DescribeTable("is accepted with", func(ctx SpecContext, c acceptance[*v1alpha1.MeshIngress]) {
		c.check(ctx, validMeshIngress())
	}, acceptances(meshIngressAcceptances()))

	DescribeTable("is rejected with", func(ctx SpecContext, c rejection[*v1alpha1.MeshIngress]) {
		c.check(ctx, validMeshIngress())
	}, rejections(meshIngressRejections()))

	It("gets its defaults", func(ctx SpecContext) {
		object := unstructuredFrom(`
apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngress
metadata: {name: web, namespace: default}
spec:
  rules:
  - paths:
    - path: /
      backends:
      - service: {name: web-svc, port: {number: 80}}
  externalAuth:
    service: {name: authn, port: {number: 80}}
`)
		Expect(testEnv.Client.Create(ctx, object, client.DryRunAll)).To(Succeed())
		got := &v1alpha1.MeshIngress{}
		Expect(yaml.UnmarshalStrict(toYAML(object), got)).To(Succeed())

		service := builders.ServiceBackend("web-svc", 80)
		Expect(got.Spec).To(Equal(v1alpha1.MeshIngressSpec{
			DeletionPolicy: v1alpha1.DeletionRestore,
			ExternalAuth:   &v1alpha1.ExternalAuth{Service: builders.ServiceBackend("authn", 80), Path: "/"},
			Rules: []v1alpha1.Rule{{Host: "", Paths: []v1alpha1.Path{{
				Path:     "/",
				PathType: v1alpha1.PathTypePrefix,
				Backends: []v1alpha1.Backend{{Service: service, Weight: ptr.To[int32](1)}},
			}}}},
		}))
	})
})
