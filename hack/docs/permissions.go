// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers"
)

// Where a rule holds.
const (
	inCluster      = "whole cluster"
	inNamespaces   = "watched namespaces"
	inOwnNamespace = "own namespace"
)

// permissionsPage tells the operator's roles and their rules, as hack/rbac writes them.
func permissionsPage(all []providers.Provider) string {
	p := &page{}
	p.heading(1, "Permissions")
	p.paragraph("What the operator may do, by the names that the roles have with kustomize. " +
		"[Install](install.md#kustomize) says how to leave out those of vendors, and how to add those that no " +
		"installation has by default. There are no wildcards, and no role reads Secrets.")
	p.paragraph("All namespaces are watched, unless `--watch-namespaces` names some. What holds in the %s has no "+
		"namespace, or is needed in those that are not watched as well.", inCluster)

	p.heading(2, "What every installation has")
	writeRole(p, permissions.BaseRole, "Whatever the vendor.", ruleRows(permissions.Base()))
	writeRole(p, permissions.LeaderElectionRole, "So that one replica works at a time.",
		rowsOf(permissions.LeaderElection(), inOwnNamespace))

	p.heading(2, "What the vendors need")
	for _, provider := range all {
		d := provider.Describe()
		writeRole(p, permissions.VendorRole(d.Vendor), "For classes of "+code(string(d.Vendor))+".",
			ruleRows(permissions.Vendor(d)))
	}

	p.heading(2, "What no installation has by default")
	writeRole(p, permissions.AuthorizationRole,
		"For `spec.authorization` of a MeshIngress. Added by `config/rbac/optin/authorization`.",
		ruleRows(permissions.Authorization()))
	for _, provider := range all {
		d := provider.Describe()
		if rules := permissions.OptIn(d); len(rules.All()) > 0 {
			writeRole(p, permissions.OptInRole(d.Vendor), "For classes of "+code(string(d.Vendor))+" that ask for it. "+
				"Added by `config/rbac/optin/"+strings.ToLower(string(d.Vendor))+"`.", ruleRows(rules))
		}
	}
	return p.String()
}

func writeRole(p *page, name, purpose string, rows [][]string) {
	p.heading(3, "%s", name)
	p.paragraph("%s", purpose)
	p.table([]string{"Resource", "Verbs", "In"}, rows)
}

func ruleRows(rules permissions.Rules) [][]string {
	return append(rowsOf(rules.Cluster, inCluster), rowsOf(rules.Namespaced, inNamespaces)...)
}

// rowsOf has a row for each resource of each rule.
func rowsOf(rules []rbacv1.PolicyRule, where string) [][]string {
	var rows [][]string
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				name := code(resourceName(group, resource))
				if len(rule.ResourceNames) > 0 {
					name += ", only " + codes(rule.ResourceNames)
				}
				rows = append(rows, []string{name, strings.Join(rule.Verbs, ", "), where})
			}
		}
	}
	return rows
}

// resourceName is "<resource>.<group>", with "/<subresource>" where there is one.
func resourceName(group, resource string) string {
	resource, subresource, found := strings.Cut(resource, "/")
	name := schema.GroupResource{Group: group, Resource: resource}.String()
	if found {
		name += "/" + subresource
	}
	return name
}
