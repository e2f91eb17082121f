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

// Rules are permissions, by where they have to be granted.
type Rules struct {
	// Cluster are the rules that only a ClusterRoleBinding can grant, because what they
	// name has no namespace, and those that an operator needs in namespaces that it
	// does not watch.
	Cluster []rbacv1.PolicyRule `json:"cluster"`

	// Namespaced are the rules that a RoleBinding can grant: an operator that watches
	// some namespaces needs them only there.
	Namespaced []rbacv1.PolicyRule `json:"namespaced"`
}

// All returns the rules of an operator that watches every namespace.
func (r Rules) All() []rbacv1.PolicyRule { return slices.Concat(r.Cluster, r.Namespaced) }

// Base returns what the operator needs whatever the vendor.
//
// The finalizer is set with patch on the object itself. A list or watch that a
// resourceName guards is allowed only with the field selector metadata.name, in any
// namespace: Linkerd's may be unwatched. Events about objects without namespace are in
// the namespace default (k8s.io/client-go tools/events/event_recorder.go v0.37.2).
func Base() Rules {
	apps := []string{"daemonsets", "deployments", "statefulsets"}
	webhooks := []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}
	return Rules{
		Cluster: []rbacv1.PolicyRule{
			rule(v1alpha1.GroupName, []string{"meshingressclasses"}, follow("patch")...),
			rule(v1alpha1.GroupName, []string{"meshingressclasses/status"}, "patch"),
			rule("", []string{"namespaces"}, read()...),
			rule("apiextensions.k8s.io", []string{"customresourcedefinitions"}, follow()...),
			named(rule("", []string{"configmaps"}, follow()...), linkerd.ConfigMapName),
			rule("admissionregistration.k8s.io", webhooks, follow()...),
			rule("networking.k8s.io", []string{"ingressclasses"}, follow()...),
			rule("events.k8s.io", []string{"events"}, "create", "patch"),
		},
		Namespaced: []rbacv1.PolicyRule{
			rule(v1alpha1.GroupName, []string{"meshingresses"}, follow("patch")...),
			rule(v1alpha1.GroupName, []string{"meshingresses/status"}, "patch"),
			rule("", []string{"pods", "services"}, follow()...),
			rule("apps", apps, read("patch")...),
			rule("batch", []string{"cronjobs", "jobs"}, follow()...),
			rule(authorization.Group, []string{authorization.KindServer.Resource}, follow()...),
		},
	}
}

// Vendor returns what the operator needs for one vendor: to follow every kind of the
// description, to read and patch Patches, and to create, patch and delete Writes. There is one
// rule for each resource, sorted by group and resource. What only opt-in ways need is
// left to OptIn.
func Vendor(d providers.Description) Rules {
	return rules(d.Writes, slices.Concat(d.Patches, d.DataPlane.Kinds), slices.Concat(d.Routes, d.ReadOnly))
}

// OptIn returns what the vendor's opt-in ways need besides, and what is made for
// workloads where a class asks; nothing where there is no such need.
func OptIn(d providers.Description) Rules {
	writes, patches := slices.Clone(d.DataPlane.Writes), []providers.Kind(nil)
	for _, s := range d.Strategies {
		writes, patches = append(writes, s.Writes...), append(patches, s.Patches...)
	}
	return rules(writes, patches, nil)
}

// Authorization returns what spec.authorization of MeshIngresses needs: the kinds of
// Linkerd's policy API.
func Authorization() Rules { return rules(authorization.Kinds(), nil, nil) }

func rules(writes, patches, reads []providers.Kind) Rules {
	verbs := map[resource]map[string]bool{}
	allow := func(kinds []providers.Kind, all []string) {
		for _, k := range kinds {
			r := resource{GroupResource: schema.GroupResource{Group: k.Group, Resource: k.Resource}, cluster: k.ClusterScoped}
			if verbs[r] == nil {
				verbs[r] = map[string]bool{}
			}
			for _, v := range all {
				verbs[r][v] = true
			}
		}
	}
	allow(writes, read("create", "patch", "delete"))
	allow(patches, read("patch"))
	allow(reads, follow())

	var result Rules
	for _, r := range slices.SortedFunc(maps.Keys(verbs), compareResources) {
		list := &result.Namespaced
		if r.cluster {
			list = &result.Cluster
		}
		*list = append(*list, rule(r.Group, []string{r.Resource}, slices.SortedFunc(maps.Keys(verbs[r]), compareVerbs)...))
	}
	return result
}

// resource is what one rule names.
type resource struct {
	schema.GroupResource
	cluster bool // it has no namespaces
}

// LeaderElection returns what electing a leader needs in the manager's own
// namespace: its lease, and events about it. A lease is written with update
// (k8s.io/client-go tools/leaderelection/resourcelock/leaselock.go v0.37.2), and
// controller-runtime v0.25.2 reports the election in core events
// (pkg/leaderelection/leader_election.go). Those are only created: they name the replica,
// which becomes the leader once.
//
// Only create cannot be limited to the name. The rest is, because OLM gives an operator
// that watches all namespaces these rules in all of them as well, the leases of the
// control plane among them (operator-framework/operator-lifecycle-manager v0.46.0
// pkg/controller/operators/olm/operatorgroup.go ensureSingletonRBAC).
func LeaderElection() []rbacv1.PolicyRule {
	leases := []string{"leases"}
	return []rbacv1.PolicyRule{
		rule("coordination.k8s.io", leases, "create"),
		named(rule("coordination.k8s.io", leases, "get", "update"), LeaseName),
		rule("", []string{"events"}, "create"),
	}
}

func rule(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

func named(r rbacv1.PolicyRule, name string) rbacv1.PolicyRule {
	r.ResourceNames = []string{name}
	return r
}

// follow returns the verbs of a cache, and more.
func follow(more ...string) []string { return append([]string{"list", "watch"}, more...) }

// read returns the verbs of a cache and of who asks the API server besides, because an
// old answer would do harm: before and after writing. There are more.
func read(more ...string) []string { return append([]string{"get"}, follow(more...)...) }

func compareResources(a, b resource) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource))
}

// compareVerbs puts reading before writing.
func compareVerbs(a, b string) int {
	order := read("create", "patch", "delete")
	return cmp.Compare(slices.Index(order, a), slices.Index(order, b))
}
