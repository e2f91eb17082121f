// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
)

// chartFile holds the same rules for the Helm chart, whose templates make roles of them.
const chartFile = "charts/meshingress/files/permissions.yaml"

// chartRules is the content of chartFile.
type chartRules struct {
	Base           permissions.Rules      `json:"base"`
	LeaderElection []rbacv1.PolicyRule    `json:"leaderElection"`
	Authorization  permissions.Rules      `json:"authorization"`
	Vendors        map[string]vendorRules `json:"vendors"` // by spec.vendor
}

type vendorRules struct {
	permissions.Rules
	OptIn *permissions.Rules `json:"optIn,omitempty"` // where the vendor has opt-in ways
}

func rulesForChart(descriptions []providers.Description) chartRules {
	chart := chartRules{
		Base:           withoutNil(permissions.Base()),
		LeaderElection: permissions.LeaderElection(),
		Authorization:  withoutNil(permissions.Authorization()),
		Vendors:        map[string]vendorRules{},
	}
	for _, d := range descriptions {
		rules := vendorRules{Rules: withoutNil(permissions.Vendor(d))}
		if optIn := withoutNil(permissions.OptIn(d)); len(optIn.All()) > 0 {
			rules.OptIn = &optIn
		}
		chart.Vendors[string(d.Vendor)] = rules
	}
	return chart
}

// withoutNil spares templates the question whether there is a list: an empty one is [].
func withoutNil(rules permissions.Rules) permissions.Rules {
	for _, list := range []*[]rbacv1.PolicyRule{&rules.Cluster, &rules.Namespaced} {
		if *list == nil {
			*list = []rbacv1.PolicyRule{}
		}
	}
	return rules
}
