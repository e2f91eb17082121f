// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"strings"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// authorize sets spec.authorization.
func authorize(policy v1alpha1.AuthorizationMode, clients ...v1alpha1.AuthorizedClient) func(*v1alpha1.MeshIngress) {
	return func(mi *v1alpha1.MeshIngress) {
		mi.Spec.Authorization = &v1alpha1.Authorization{Policy: policy, Clients: clients}
	}
}

func networkOf(cidr string) func(*v1alpha1.MeshIngress) {
	return authorize(v1alpha1.AuthorizationAudit, v1alpha1.AuthorizedClient{Network: cidr})
}

func accountOf(namespace, name string) v1alpha1.AuthorizedClient {
	return v1alpha1.AuthorizedClient{ServiceAccount: &v1alpha1.ObjectKey{Namespace: namespace, Name: name}}
}

// clients are as many as asked for, each as long as one may be.
func clients(n int) []v1alpha1.AuthorizedClient {
	all := make([]v1alpha1.AuthorizedClient, n)
	for i := range all {
		all[i] = accountOf(strings.Repeat("a", 63), strings.Repeat("b", 253))
	}
	return all
}

func authorizationRejections() []rejection[*v1alpha1.MeshIngress] {
	const client, one, cidr = "spec.authorization.clients[0]", "exactly one of the fields in [serviceAccount network] must be set", "must be a range of addresses"
	both := accountOf("jobs", "vote")
	both.Network = "10.0.0.0/8"
	return []rejection[*v1alpha1.MeshIngress]{
		{
			name: "an authorization without policy", field: "spec.authorization.policy", message: "Unsupported value",
			mutate: authorize(""),
		},
		{
			name: "a policy of Linkerd's", field: "spec.authorization.policy", message: "Unsupported value",
			mutate: authorize("all-unauthenticated"),
		},
		{
			name: "a client that is nobody", field: client, message: one,
			mutate: authorize(v1alpha1.AuthorizationEnforce, v1alpha1.AuthorizedClient{}),
		},
		{
			name: "a client that is two", field: client, message: one,
			mutate: authorize(v1alpha1.AuthorizationEnforce, both),
		},
		{
			name: "a ServiceAccount without namespace", field: client + ".serviceAccount.namespace", message: "at least 1 chars long",
			mutate: authorize(v1alpha1.AuthorizationEnforce, accountOf("", "vote")),
		},
		{name: "an address for a network", field: client + ".network", message: cidr, mutate: networkOf("10.0.0.1")},
		{name: "a name for a network", field: client + ".network", message: cidr, mutate: networkOf("example.com/8")},
		{name: "a network with a newline", field: client + ".network", message: cidr, mutate: networkOf("10.0.0.0/8\n")},
		{
			name: "a network that is too long", field: client + ".network", message: "Too long",
			mutate: networkOf(strings.Repeat("0", 42) + "/8"),
		},
		{
			name: "33 clients", field: "spec.authorization.clients", message: tooMany,
			mutate: authorize(v1alpha1.AuthorizationEnforce, clients(33)...),
		},
	}
}

func authorizationAcceptances() []acceptance[*v1alpha1.MeshIngress] {
	return []acceptance[*v1alpha1.MeshIngress]{
		{"an authorization without clients", authorize(v1alpha1.AuthorizationAudit)},
		{"32 clients", authorize(v1alpha1.AuthorizationEnforce, clients(32)...)},
		{"a network of IPv4", networkOf("10.0.0.0/8")},
		{"a network of IPv6", networkOf("fd00:1:2:3:4:5:6:7/128")},
		{"an authorization of a default backend alone", func(mi *v1alpha1.MeshIngress) {
			mi.Spec.Rules = nil
			builders.WithDefaultBackend("web-svc", "http")(mi)
			authorize(v1alpha1.AuthorizationEnforce)(mi)
		}},
	}
}
