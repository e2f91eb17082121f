// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gloo_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const (
	atPath    = "spec.rules[0].paths[0].path"
	atBackend = "spec.rules[0].paths[0].backends[0].service"
)

func TestAHostOfAnotherVirtualServiceIsLeftAlone(t *testing.T) {
	taken := []story.Failure{story.Duplicate("spec.rules[0].paths[0]")}
	for name, tc := range map[string]struct {
		host, other string
		annotations map[string]string
		want        []story.Failure
	}{
		"the same domain":               {host: "a.test", other: "{virtualHost: {domains: [b.test, a.test]}}", want: taken},
		"in capitals":                   {host: "a.test", other: "{virtualHost: {domains: [A.test]}}", want: taken},
		"the same wildcard":             {host: "*.a.test", other: "{virtualHost: {domains: ['*.a.test']}}", want: taken},
		"every host":                    {host: "", other: "{virtualHost: {domains: ['*']}}", want: taken},
		"every host, which goes unsaid": {host: "", other: "{virtualHost: {}}", want: taken},
		"a wildcard above it":           {host: "a.test", other: "{virtualHost: {domains: ['*.test', '*']}}"},
		"a name below the wildcard":     {host: "*.test", other: "{virtualHost: {domains: [a.test]}}"},
		"the same domain with a port":   {host: "a.test", other: "{virtualHost: {domains: ['a.test:8080']}}"},
		"on the Gateway for HTTPS":      {host: "a.test", other: "{sslConfig: {}, virtualHost: {domains: [a.test]}}"},
		"no virtual host":               {host: "", other: "{}"},
		"something that is none":        {host: "a.test", other: "{virtualHost: a.test}"},
		"of the MeshIngress itself": {
			host: "a.test", other: "{virtualHost: {domains: [a.test]}}",
			annotations: map[string]string{v1alpha1.OwnerAnnotation: "MeshIngress/default/web"},
		},
		"of another MeshIngress": {
			host: "a.test", other: "{virtualHost: {domains: [a.test]}}",
			annotations: map[string]string{v1alpha1.OwnerAnnotation: "MeshIngress/default/other"}, want: taken,
		},
	} {
		t.Run(name, func(t *testing.T) {
			other := story.Object(t, "{apiVersion: gateway.solo.io/v1, kind: VirtualService, metadata: {name: x, namespace: shop}, spec: "+
				tc.other+"}")
			other.SetAnnotations(tc.annotations)
			in := input("", story.Prefix(tc.host, "/"))
			in.Objects = []*unstructured.Unstructured{other}
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestAHostWithCertificateIsOnTheGatewayForHTTPS(t *testing.T) {
	other := story.Object(t, "{apiVersion: gateway.solo.io/v1, kind: VirtualService, metadata: {name: x, namespace: shop}, "+
		"spec: {sslConfig: {}, virtualHost: {domains: [a.test]}}}")
	in := input("", story.Prefix("a.test", "/"))
	in.TLS = []v1alpha1.TLS{{Hosts: []string{"a.test"}, SecretName: "a-tls"}}
	in.Objects = []*unstructured.Unstructured{other}
	story.Diff(t, "failures", []story.Failure{story.Duplicate("spec.rules[0].paths[0]")}, failures(t, in))
}

func TestPathsThatGlooRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		routes []providers.Route
		want   []story.Failure
	}{
		"two slashes":      {[]providers.Route{story.Exact("h.test", "/a//b")}, []story.Failure{story.Invalid(atPath)}},
		"a dot segment":    {[]providers.Route{story.Prefix("h.test", "/a/./b")}, []story.Failure{story.Invalid(atPath)}},
		"dots at the end":  {[]providers.Route{story.Exact("h.test", "/a/..")}, []story.Failure{story.Invalid(atPath)}},
		"an escaped slash": {[]providers.Route{story.Exact("h.test", "/a%2Fb")}, []story.Failure{story.Invalid(atPath)}},
		"in lower case":    {[]providers.Route{story.Prefix("h.test", "/a%2fb")}, []story.Failure{story.Invalid(atPath)}},
		"another escape":   {[]providers.Route{story.Prefix("h.test", "/a%20b/~$&()*+,;=:@!")}, nil},
		"dots in a name":   {[]providers.Route{story.Exact("h.test", "/a..b/.well-known")}, nil},
		"a slash more and less": {
			[]providers.Route{story.Prefix("h.test", "/a"), story.Prefix("h.test", "/a/")}, []story.Failure{story.Duplicate(atPath)},
		},
	} {
		t.Run(name, func(t *testing.T) { story.Diff(t, "failures", tc.want, failures(t, input("", tc.routes...))) })
	}
}

func TestWhatSettingsHide(t *testing.T) {
	class := story.Forbidden("spec.className")
	service := story.Forbidden(atBackend + ".namespace")
	for name, tc := range map[string]struct {
		header v1alpha1.GlooHeader
		spec   string
		want   []story.Failure
	}{
		"nothing":                            {spec: "{}"},
		"every namespace but those listed":   {spec: "{watchNamespaces: [other]}", want: []story.Failure{class, service}},
		"that of the Service":                {spec: "{watchNamespaces: [default]}", want: []story.Failure{service}},
		"neither of the two":                 {spec: "{watchNamespaces: [default, shared]}"},
		"an empty name is all":               {spec: "{watchNamespaces: ['']}"},
		"not the namespace of Gloo":          {spec: "{watchNamespaces: [shared], discoveryNamespace: default}"},
		"selectors cannot be answered":       {spec: "{watchNamespaceSelectors: [{matchLabels: {a: b}}]}"},
		"Services":                           {spec: "{gloo: {disableKubernetesDestinations: true}}", want: []story.Failure{class}},
		"something that is none":             {spec: "{watchNamespaces: other}"},
		"not read where they are not in use": {header: v1alpha1.GlooTransformation, spec: "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			b := backend("a")
			b.Namespace = "shared"
			in := input(tc.header, story.Route("a.test", "/", v1alpha1.PathTypePrefix, b))
			in.Objects = []*unstructured.Unstructured{story.Object(t,
				"{apiVersion: gloo.solo.io/v1, kind: Settings, metadata: {name: default, namespace: gloo-system}, spec: "+tc.spec+"}")}
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestOtherSettingsDoNotCount(t *testing.T) {
	in := input("", story.Prefix("a.test", "/"))
	in.Objects = []*unstructured.Unstructured{story.Object(t,
		"{apiVersion: gloo.solo.io/v1, kind: Settings, metadata: {name: other, namespace: gloo-system}, "+
			"spec: {watchNamespaces: [other]}}")}
	story.Diff(t, "failures", nil, failures(t, in))
}

func TestBackendsThatSpeakHTTP2(t *testing.T) {
	refused := []story.Failure{story.Forbidden(atBackend + ".port")}
	for name, tc := range map[string]struct {
		annotation, port string
		want             []story.Failure
	}{
		"by appProtocol":                    {port: "appProtocol: kubernetes.io/h2c"},
		"gRPC by appProtocol":               {port: "appProtocol: grpc"},
		"by the name of the port":           {port: "name: http2-api, appProtocol: h2c"},
		"gRPC by the name of the port":      {port: "name: grpc, appProtocol: h2c"},
		"by annotation":                     {annotation: "true", port: "appProtocol: h2c"},
		"by an appProtocol that Gloo lacks": {port: "appProtocol: h2c", want: refused},
		"by an appProtocol in capitals":     {port: "appProtocol: GRPC", want: refused},
		"but not by annotation":             {annotation: "false", port: "name: grpc, appProtocol: grpc", want: refused},
		"an annotation that says neither":   {annotation: "yes", port: "appProtocol: h2c", want: refused},
		"a name that has it in the middle":  {port: "name: my-grpc, appProtocol: h2c", want: refused},
	} {
		t.Run(name, func(t *testing.T) {
			b := backend("a")
			b.H2C = true
			svc := story.Object(t, "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}, spec: {ports: [{port: 80, "+
				tc.port+"}, {name: grpc-other, port: 81, appProtocol: grpc}]}}")
			if tc.annotation != "" {
				svc.SetAnnotations(map[string]string{"gloo.solo.io/h2_service": tc.annotation})
			}
			in := input("", story.Route("a.test", "/", v1alpha1.PathTypePrefix, b))
			in.Objects = []*unstructured.Unstructured{svc}
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestBackendsThatSpeakHTTP1AreNotAsked(t *testing.T) {
	in := input("", story.Prefix("a.test", "/"))
	in.Objects = []*unstructured.Unstructured{story.Object(t,
		"{apiVersion: v1, kind: Service, metadata: {name: web-svc, namespace: default}, spec: {ports: [{port: 80}]}}")}
	story.Diff(t, "failures", nil, failures(t, in))
}

func TestHeadersThatWouldNotBeLiteral(t *testing.T) {
	for _, header := range headers()[1:] {
		for _, domain := range []string{"%HOSTNAME%", "{{ x }}", "## x", "a b", "x;", "$x", `q"`} {
			in := input(header, story.Prefix("a.test", "/"))
			in.ClusterDomain = domain
			story.Diff(t, "failures for "+domain, []story.Failure{story.Invalid(atBackend)}, failures(t, in))
		}
	}
}
