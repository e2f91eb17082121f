// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package emissary_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers/emissary"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

func TestResolversThatFindPodsAreTold(t *testing.T) {
	// mine is a Mapping of others in our namespace to the same Service in the same words.
	mine := func(rest string) string {
		return "{metadata: {namespace: default, name: old}, " +
			"spec: {hostname: example.org, prefix: /, service: '" + webService + "'" + rest + "}}"
	}
	module := "{metadata: {namespace: emissary, name: ambassador}, spec: {config: {resolver: endpoint}}}"
	named := func(name string) string { return "{metadata: {namespace: emissary, name: " + name + "}}" }
	type objects = map[string]string // by kind
	const resolver = "KubernetesEndpointResolver"
	replaced, shared := []string{emissary.ReasonResolverReplaced}, []string{emissary.ReasonClusterShared}
	tests := map[string]struct {
		objects objects
		want    []string
	}{
		"nothing":                      {nil, nil},
		"resolvers of other names":     {objects{resolver: named("pods"), "ConsulResolver": named("dc1")}, nil},
		"a resolver of our name":       {objects{resolver: named("kubernetes-service")}, replaced},
		"one for Consul":               {objects{"ConsulResolver": named("kubernetes-service")}, replaced},
		"the Module's does not matter": {objects{"Module": module}, nil},
		"a Mapping like ours":          {objects{"Mapping": mine("")}, nil},
		"with a resolver for pods":     {objects{"Mapping": mine(", resolver: endpoint")}, shared},
		"with one of the cluster's": {
			objects{"Mapping": mine(", resolver: pods"), resolver: named("pods")}, shared,
		},
		"with an unknown one": {objects{"Mapping": mine(", resolver: pods")}, nil},
		"with the Module's":   {objects{"Mapping": mine(""), "Module": module}, shared},
		"with ours beside the Module's": {
			objects{"Mapping": mine(", resolver: kubernetes-service"), "Module": module}, nil,
		},
		"with a load balancer, which makes another cluster": {
			objects{"Mapping": mine(", resolver: endpoint, load_balancer: {policy: maglev}")}, nil,
		},
		"with a tag, which does so too": {objects{"Mapping": mine(", resolver: endpoint, cluster_tag: old")}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(prefix("example.com", "/"))
			for kind, text := range tc.objects {
				in.Objects = append(in.Objects, object(t, kind, text))
			}
			story.Diff(t, "notices", tc.want, reasons(t, in))
		})
	}
}

func TestAClusterIsSharedInOneNamespaceOnly(t *testing.T) {
	in := input(prefix("example.com", "/"))
	in.Objects = []*unstructured.Unstructured{
		mapping(t, "{hostname: example.org, prefix: /, resolver: endpoint, service: '"+webService+"'}"),
	}
	story.Diff(t, "notices", nil, reasons(t, in))
}
