// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package permissions_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
)

func kind(group, resource string) providers.Kind {
	return providers.Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: group, Version: "v1"},
		Resource:         resource,
	}
}

func TestVendor(t *testing.T) {
	for _, cases := range []map[string]vendorCase{vendorsOfOneKind(), vendorsOfSeveralKinds()} {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				if diff := cmp.Diff(tc.want, permissions.Vendor(tc.description)); diff != "" {
					t.Errorf("rules (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// A vendorCase is what a vendor with a description may do.
type vendorCase struct {
	description providers.Description
	want        permissions.Rules
}

func vendorsOfOneKind() map[string]vendorCase {
	routes, settings, foreign := kind("b.example", "routes"), kind("", "settings"), kind("a.example", "foreign")
	return map[string]vendorCase{
		"a vendor without kinds needs nothing": {},
		"what is written is read, created, patched and deleted": {
			description: providers.Description{Writes: []providers.Kind{routes}},
			want:        namespaced(rule("b.example", "routes", "get", "list", "watch", "create", "patch", "delete")),
		},
		"what is patched is not created": {
			description: providers.Description{Patches: []providers.Kind{settings}},
			want:        namespaced(rule("", "settings", "get", "list", "watch", "patch")),
		},
		"what is looked through is only read": {
			description: providers.Description{Routes: []providers.Kind{foreign}},
			want:        namespaced(rule("a.example", "foreign", "list", "watch")),
		},
		"what is read only is only read": {
			description: providers.Description{ReadOnly: []providers.Kind{foreign}},
			want:        namespaced(rule("a.example", "foreign", "list", "watch")),
		},
		"where annotations for the injector go is patched": {
			description: providers.Description{DataPlane: providers.DataPlane{Kinds: []providers.Kind{foreign}}},
			want:        namespaced(rule("a.example", "foreign", "get", "list", "watch", "patch")),
		},
		"a field of a kind asks for nothing": {
			description: providers.Description{Strategies: []providers.StrategySupport{
				{Needs: []providers.Kind{foreign.WithField("spec.x")}},
			}},
		},
	}
}

func vendorsOfSeveralKinds() map[string]vendorCase {
	routes, settings, foreign := kind("b.example", "routes"), kind("", "settings"), kind("a.example", "foreign")
	classes := kind("b.example", "routeclasses").InCluster()
	return map[string]vendorCase{
		"each resource has one rule, sorted by group": {
			description: providers.Description{
				Writes:  []providers.Kind{routes},
				Patches: []providers.Kind{routes, settings},
				Routes:  []providers.Kind{routes, foreign},
			},
			want: namespaced(
				rule("", "settings", "get", "list", "watch", "patch"),
				rule("a.example", "foreign", "list", "watch"),
				rule("b.example", "routes", "get", "list", "watch", "create", "patch", "delete"),
			),
		},
		"what has no namespace is apart": {
			description: providers.Description{
				Writes: []providers.Kind{routes}, Patches: []providers.Kind{classes}, ReadOnly: []providers.Kind{classes},
			},
			want: permissions.Rules{
				Cluster:    []rbacv1.PolicyRule{rule("b.example", "routeclasses", "get", "list", "watch", "patch")},
				Namespaced: []rbacv1.PolicyRule{rule("b.example", "routes", "get", "list", "watch", "create", "patch", "delete")},
			},
		},
		"two versions of a kind are one resource": {
			description: providers.Description{
				Writes: []providers.Kind{routes},
				Routes: []providers.Kind{{
					GroupVersionKind: schema.GroupVersionKind{Group: "b.example", Version: "v2"}, Resource: "routes",
				}},
			},
			want: namespaced(rule("b.example", "routes", "get", "list", "watch", "create", "patch", "delete")),
		},
	}
}

func rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

func namespaced(rules ...rbacv1.PolicyRule) permissions.Rules {
	return permissions.Rules{Namespaced: rules}
}

// everything is what an operator with a vendor of every sort may do.
func everything() []rbacv1.PolicyRule {
	route := kind("b.example", "routes")
	kinds := []providers.Kind{route}
	vendor := permissions.Vendor(providers.Description{Writes: kinds, Patches: kinds, Routes: kinds})
	return slices.Concat(permissions.Base().All(), vendor.All(), permissions.Authorization().All(), permissions.LeaderElection())
}

func TestNothingIsAWildcard(t *testing.T) {
	for _, r := range everything() {
		for _, values := range [][]string{r.APIGroups, r.Resources, r.Verbs, r.ResourceNames} {
			if slices.Contains(values, "*") {
				t.Errorf("%v has a wildcard", r)
			}
		}
		if len(r.NonResourceURLs) > 0 {
			t.Errorf("%v names URLs", r)
		}
	}
}

func TestNothingIsAskedThatServerSideApplyDoesNotNeed(t *testing.T) {
	needed := []string{"get", "list", "watch", "create", "patch", "delete"}
	for _, r := range everything() {
		if slices.Contains(r.Resources, "leases") {
			continue // client-go writes a lease with update.
		}
		for _, verb := range r.Verbs {
			if !slices.Contains(needed, verb) {
				t.Errorf("%v has the verb %q", r, verb)
			}
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	for _, r := range everything() {
		if slices.Contains(r.Resources, "secrets") {
			t.Errorf("%v gives access to Secrets", r)
		}
	}
}

func TestBaseCreatesAndDeletesOnlyEvents(t *testing.T) {
	for _, r := range permissions.Base().All() {
		if slices.Contains(r.Resources, "events") {
			continue
		}
		for _, verb := range []string{"create", "delete"} {
			if slices.Contains(r.Verbs, verb) {
				t.Errorf("%v has the verb %q", r, verb)
			}
		}
	}
}

func TestLinkerdsSettingsAreReadByName(t *testing.T) {
	guarded := map[string][]string{
		"configmaps": {"linkerd-config"},
	}
	found := 0
	for _, r := range permissions.Base().All() {
		for _, resource := range r.Resources {
			names, ok := guarded[resource]
			if !ok {
				continue
			}
			found++
			if diff := cmp.Diff(names, r.ResourceNames); diff != "" {
				t.Errorf("names of %s (-want +got):\n%s", resource, diff)
			}
			if diff := cmp.Diff([]string{"list", "watch"}, r.Verbs); diff != "" {
				t.Errorf("verbs of %s (-want +got):\n%s", resource, diff)
			}
		}
	}
	if found != len(guarded) {
		t.Errorf("%d of %d guarded resources have a rule", found, len(guarded))
	}
}

func TestOptInRightsAreApartFromTheVendors(t *testing.T) {
	d := providers.Description{
		Writes: []providers.Kind{providers.KindIngress},
		Strategies: []providers.StrategySupport{{
			OptIn:   true,
			Writes:  []providers.Kind{providers.KindConfigMap},
			Patches: []providers.Kind{providers.KindConfigMap},
		}},
	}
	for _, r := range permissions.Vendor(d).All() {
		if slices.Contains(r.Resources, "configmaps") {
			t.Errorf("the vendor's own rights hold what only the opt-in way needs: %v", r)
		}
	}
	want := []rbacv1.PolicyRule{{
		APIGroups: []string{""}, Resources: []string{"configmaps"},
		Verbs: []string{"get", "list", "watch", "create", "patch", "delete"},
	}}
	if diff := cmp.Diff(want, permissions.OptIn(d).All()); diff != "" {
		t.Errorf("opt-in rights (-want +got):\n%s", diff)
	}
	if rules := permissions.OptIn(providers.Description{Writes: d.Writes}).All(); len(rules) > 0 {
		t.Errorf("got %v for a vendor without opt-in ways, want nothing", rules)
	}
}

func TestWhatIsMadeForWorkloadsIsOptIn(t *testing.T) {
	d := providers.Description{DataPlane: providers.DataPlane{Writes: []providers.Kind{providers.KindServiceAccount}}}
	if rules := permissions.Vendor(d).All(); len(rules) > 0 {
		t.Errorf("the vendor's own rights are %v", rules)
	}
	want := []rbacv1.PolicyRule{{
		APIGroups: []string{""}, Resources: []string{"serviceaccounts"},
		Verbs: []string{"get", "list", "watch", "create", "patch", "delete"},
	}}
	if diff := cmp.Diff(want, permissions.OptIn(d).All()); diff != "" {
		t.Errorf("opt-in rights (-want +got):\n%s", diff)
	}
}

func TestAuthorizationWritesLinkerdsPolicies(t *testing.T) {
	var want []rbacv1.PolicyRule
	for _, resource := range []string{"authorizationpolicies", "meshtlsauthentications", "networkauthentications", "servers"} {
		want = append(want, rule("policy.linkerd.io", resource, "get", "list", "watch", "create", "patch", "delete"))
	}
	if diff := cmp.Diff(want, permissions.Authorization().All()); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	for _, r := range permissions.Base().All() {
		if slices.Contains(r.APIGroups, "policy.linkerd.io") && slices.Contains(r.Verbs, "patch") {
			t.Errorf("%v is granted to who does not ask for it", r)
		}
	}
}
