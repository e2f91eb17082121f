// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestTemplateCannotNameAnotherClass(t *testing.T) {
	for _, key := range []string{"kubernetes.io/ingress.class", "projectcontour.io/ingress.class"} {
		in := input(story.Prefix("example.com", "/"))
		in.Annotations = map[string]string{key: "internal"}
		story.Diff(t, "failures for "+key, []story.Failure{
			story.Forbidden("spec.template.annotations[" + key + "]"),
		}, failures(t, in))
	}
}

func TestHostOfAnotherHTTPProxyIsLeftAlone(t *testing.T) {
	taken := []story.Failure{story.Duplicate("spec.rules[0].paths[0]")}
	tests := map[string]struct {
		proxy string
		want  []story.Failure
	}{
		"same host in another namespace": {
			`{metadata: {namespace: shop, name: web},
			  spec: {ingressClassName: contour-public, virtualhost: {fqdn: example.com}}}`, taken,
		},
		"same host in capitals": {
			`{metadata: {namespace: shop, name: web},
			  spec: {ingressClassName: contour-public, virtualhost: {fqdn: Example.COM}}}`, taken,
		},
		"same host of another MeshIngress": {
			`{metadata: {namespace: default, name: x,
			  annotations: {networking.meshingress.dev/owned-by: MeshIngress/default/x}},
			  spec: {ingressClassName: contour-public, virtualhost: {fqdn: example.com}}}`, taken,
		},
		"our own": {
			`{metadata: {namespace: default, name: x,
			  annotations: {networking.meshingress.dev/owned-by: MeshIngress/default/web}},
			  spec: {ingressClassName: contour-public, virtualhost: {fqdn: example.com}}}`, nil,
		},
		"another class": {
			`{metadata: {namespace: shop, name: web},
			  spec: {ingressClassName: internal, virtualhost: {fqdn: example.com}}}`, nil,
		},
		"another host": {
			`{metadata: {namespace: shop, name: web},
			  spec: {ingressClassName: contour-public, virtualhost: {fqdn: example.org}}}`, nil,
		},
		"no virtual host": {
			`{metadata: {namespace: shop, name: part}, spec: {ingressClassName: contour-public}}`, nil,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(story.Prefix("example.com", "/"), story.Prefix("example.com", "/api"))
			in.Objects = []*unstructured.Unstructured{story.Object(t, tc.proxy)}
			story.Diff(t, "failures", tc.want, failures(t, in))
		})
	}
}

func TestReadsEveryHTTPProxy(t *testing.T) {
	reads := contour.New().Reads(input())
	story.Diff(t, "number", 1, len(reads))
	story.Diff(t, "kind", "HTTPProxy", reads[0].Kind.Kind)
	story.Diff(t, "namespace", "", reads[0].Namespace)
}
