// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package permissions_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
)

// refused is an answer of the API server.
func refused(group, resource, name, text string) error {
	return apierrors.NewForbidden(schema.GroupResource{Group: group, Resource: resource}, name, errors.New(text))
}

func TestMissing(t *testing.T) {
	cases := map[string]struct {
		err  error
		want permissions.Permission
		none bool
	}{
		"in the whole cluster": {
			err:  refused("", "pods", "", `User "op" cannot watch resource "pods" in API group "" at the cluster scope`),
			want: permissions.Permission{Verb: "watch", Resource: "pods"},
		},
		"of one object in a namespace": {
			err: fmt.Errorf("watching: %w", refused("", "configmaps", "linkerd-config",
				`User "op" cannot list resource "configmaps" in API group "" in the namespace "linkerd"`)),
			want: permissions.Permission{Verb: "list", Resource: "configmaps", Namespace: "linkerd", Name: "linkerd-config"},
		},
		"of a subresource": {
			err: refused("a.example", "routes", "web",
				`User "op" cannot patch resource "routes/status" in API group "a.example" in the namespace "web": RBAC: role not found`),
			want: permissions.Permission{
				Verb: "patch", Group: "a.example", Resource: "routes", Subresource: "status", Namespace: "web", Name: "web",
			},
		},
		"what an admission webhook refuses": {err: refused("", "pods", "web", `admission webhook "x" denied the request`), none: true},
		"another error":                     {err: errors.New(`cannot list resource "pods" in API group ""`), none: true},
		"no error":                          {none: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, found := permissions.Missing(tc.err)
			if found == tc.none {
				t.Fatalf("found is %t", found)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("permission (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRoleFor(t *testing.T) {
	d := providers.Description{
		Vendor: "Foo", Writes: []providers.Kind{kind("b.example", "routes")},
		Strategies: []providers.StrategySupport{{OptIn: true, Writes: []providers.Kind{providers.KindConfigMap}}},
	}
	cases := map[string]struct {
		missing permissions.Permission
		want    string
	}{
		"what every vendor needs":   {permissions.Permission{Verb: "watch", Resource: "pods"}, "meshingress-base"},
		"one object of the base":    {permissions.Permission{Verb: "list", Resource: "configmaps", Name: "linkerd-config"}, "meshingress-base"},
		"the vendor's":              {permissions.Permission{Verb: "patch", Group: "b.example", Resource: "routes"}, "meshingress-vendor-foo"},
		"of an opt-in way":          {permissions.Permission{Verb: "list", Resource: "configmaps"}, "meshingress-vendor-foo-optin"},
		"of authorization":          {permissions.Permission{Verb: "patch", Group: "policy.linkerd.io", Resource: "servers"}, "meshingress-authorization"},
		"what is never asked for":   {permissions.Permission{Verb: "get", Resource: "secrets"}, ""},
		"a status, but not its own": {permissions.Permission{Verb: "patch", Resource: "pods", Subresource: "status"}, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := permissions.RoleFor(tc.missing, d); got != tc.want {
				t.Errorf("the role is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestSplitNamesEachPermissionOnce(t *testing.T) {
	rules := []rbacv1.PolicyRule{
		rule("a.example", "routes/status", "patch"), rule("a.example", "routes", "list", "watch"), rule("a.example", "routes", "list"),
	}
	want := []permissions.Permission{
		{Verb: "patch", Group: "a.example", Resource: "routes", Subresource: "status"},
		{Verb: "list", Group: "a.example", Resource: "routes"},
		{Verb: "watch", Group: "a.example", Resource: "routes"},
	}
	if diff := cmp.Diff(want, permissions.Split(rules)); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
}
