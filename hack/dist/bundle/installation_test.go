// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers/all"
)

// What the ServiceAccount may do is what internal/permissions derives from the vendors,
// read another way than through the files of config/rbac; nothing that is opt-in.
func TestTheBundleGrantsWhatTheVendorsNeed(t *testing.T) {
	want := permissions.Base().All()
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range registry.All() {
		want = append(want, permissions.Vendor(p.Describe()).All()...)
	}
	csv := load(t, root+"/bundle").CSV
	strategy := csv.Spec.InstallStrategy.StrategySpec
	expectRules(t, want, strategy.ClusterPermissions)
	expectRules(t, permissions.LeaderElection(), strategy.Permissions)
}

func expectRules(t *testing.T, want []rbacv1.PolicyRule, got []operatorsv1alpha1.StrategyDeploymentPermissions) {
	t.Helper()
	if len(got) != 1 || got[0].ServiceAccountName != "meshingress-controller-manager" {
		t.Fatalf("the permissions are not those of one ServiceAccount, the manager's: %v", got)
	}
	if diff := cmp.Diff(sorted(want), sorted(got[0].Rules)); diff != "" {
		t.Errorf("what may be done (-want +got):\n%s", diff)
	}
}

// sorted are the permissions of rules, one by one.
func sorted(rules []rbacv1.PolicyRule) []permissions.Permission {
	all := permissions.Split(rules)
	slices.SortFunc(all, func(a, b permissions.Permission) int {
		return strings.Compare(a.String()+" "+a.Name, b.String()+" "+b.Name)
	})
	return all
}
