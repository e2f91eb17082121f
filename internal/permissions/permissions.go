// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package permissions

import (
	"cmp"
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/providers"
)

// Base returns what the operator needs in the whole cluster, whatever the vendor.
//
// The finalizer is set with patch on the object itself. A list or watch that a
// resourceName guards is allowed only with the field selector metadata.name.
func Base() []rbacv1.PolicyRule {
	apps := []string{"daemonsets", "deployments", "statefulsets"}
	return []rbacv1.PolicyRule{
		rule(v1alpha1.GroupName, []string{"meshingressclasses", "meshingresses"}, read("patch")...),
		rule(v1alpha1.GroupName, []string{"meshingressclasses/status", "meshingresses/status"}, "patch"),
		rule("", []string{"namespaces", "pods", "services"}, read()...),
		rule("apps", apps, read("patch")...),
		rule("batch", []string{"cronjobs", "jobs"}, read()...),
		rule(authorization.Group, []string{authorization.KindServer.Resource}, read()...),
		rule("apiextensions.k8s.io", []string{"customresourcedefinitions"}, read()...),
		named(rule("", []string{"configmaps"}, read()...), linkerd.ConfigMapName),
		rule("admissionregistration.k8s.io", []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}, read()...),
		rule("networking.k8s.io", []string{"ingressclasses"}, read()...),
		rule("", []string{"events"}, "create", "patch"),
		rule("events.k8s.io", []string{"events"}, "create", "patch"),
	}
}

// Vendor returns what the operator needs in the whole cluster for one vendor: to
// read every kind of the description, to patch Patches, and to create, patch and
// delete Writes. There is one rule for each resource, sorted by group and
// resource. What only opt-in ways need is left to OptIn.
func Vendor(d providers.Description) []rbacv1.PolicyRule {
	return rules(d.Writes, slices.Concat(d.Patches, d.DataPlane.Kinds), slices.Concat(d.Routes, d.ReadOnly))
}

// OptIn returns what the vendor's opt-in ways need besides, and what is made for
// workloads where a class asks; nothing where there is no such need.
func OptIn(d providers.Description) []rbacv1.PolicyRule {
	writes, patches := slices.Clone(d.DataPlane.Writes), []providers.Kind(nil)
	for _, s := range d.Strategies {
		writes, patches = append(writes, s.Writes...), append(patches, s.Patches...)
	}
	return rules(writes, patches, nil)
}

// Authorization returns what spec.authorization of MeshIngresses needs: the kinds of
// Linkerd's policy API.
func Authorization() []rbacv1.PolicyRule { return rules(authorization.Kinds(), nil, nil) }

func rules(writes, patches, reads []providers.Kind) []rbacv1.PolicyRule {
	verbs := map[schema.GroupResource]map[string]bool{}
	allow := func(kinds []providers.Kind, more ...string) {
		for _, k := range kinds {
			resource := schema.GroupResource{Group: k.Group, Resource: k.Resource}
			if verbs[resource] == nil {
				verbs[resource] = map[string]bool{}
			}
			for _, v := range read(more...) {
				verbs[resource][v] = true
			}
		}
	}
	allow(writes, "create", "patch", "delete")
	allow(patches, "patch")
	allow(reads)

	var result []rbacv1.PolicyRule
	for _, r := range slices.SortedFunc(maps.Keys(verbs), compareResources) {
		result = append(result, rule(r.Group, []string{r.Resource}, slices.SortedFunc(maps.Keys(verbs[r]), compareVerbs)...))
	}
	return result
}

// LeaderElection returns what electing a leader needs in the manager's own
// namespace: its lease, and events about it. A lease is written with update
// (k8s.io/client-go tools/leaderelection/resourcelock/leaselock.go v0.37.2), and
// controller-runtime v0.25.2 reports the election in core events
// (pkg/leaderelection/leader_election.go).
func LeaderElection() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		rule("coordination.k8s.io", []string{"leases"}, "get", "create", "update"),
		rule("", []string{"events"}, "create", "patch"),
	}
}

func rule(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

func named(r rbacv1.PolicyRule, name string) rbacv1.PolicyRule {
	r.ResourceNames = []string{name}
	return r
}

// read returns the verbs of a cached reader, and more.
func read(more ...string) []string { return append([]string{"get", "list", "watch"}, more...) }

func compareResources(a, b schema.GroupResource) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource))
}

// compareVerbs puts reading before writing.
func compareVerbs(a, b string) int {
	order := read("create", "patch", "delete")
	return cmp.Compare(slices.Index(order, a), slices.Index(order, b))
}
