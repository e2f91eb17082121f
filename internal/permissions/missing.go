// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package permissions

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/providers"
)

// Permission is what one request needs.
type Permission struct {
	// Verb as RBAC has it: get, list, watch, create, patch, delete, update.
	Verb string

	// Group, Resource and Subresource of the API; Subresource may be empty.
	Group, Resource, Subresource string

	// Namespace is empty where all of them are meant, or the resource has none.
	Namespace string

	// Name of the object; empty where any is meant.
	Name string
}

// String is "<verb> <resource>.<group>", with "/<subresource>" where there is one.
func (p Permission) String() string {
	text := p.Verb + " " + schema.GroupResource{Group: p.Group, Resource: p.Resource}.String()
	if p.Subresource != "" {
		text += "/" + p.Subresource
	}
	return text
}

// refusal is how the API server words it when its authorizer refuses a request for a
// resource (k8s.io/apiserver v0.37.2 pkg/endpoints/handlers/responsewriters/errors.go). No
// field of its answer holds the verb.
var refusal = regexp.MustCompile(
	`cannot (\S+) resource "([^"/]+)(?:/([^"]+))?" in API group "([^"]*)"(?: in the namespace "([^"]+)")?`)

// Missing reads from a refusal which permission is missing. It is not found in other
// errors, and not in what an admission webhook or policy has refused.
func Missing(err error) (p Permission, found bool) {
	var status apierrors.APIStatus
	if !apierrors.IsForbidden(err) || !errors.As(err, &status) {
		return Permission{}, false
	}
	m := refusal.FindStringSubmatch(status.Status().Message)
	if m == nil {
		return Permission{}, false
	}
	p = Permission{Verb: m[1], Resource: m[2], Subresource: m[3], Group: m[4], Namespace: m[5]}
	if details := status.Status().Details; details != nil {
		p.Name = details.Name
	}
	return p, true
}

// Explain adds to an error about a missing permission which of the operator's roles
// grants it, for a vendor. Other errors stay as they are.
func Explain(err error, d providers.Description) error {
	p, found := Missing(err)
	if !found {
		return err
	}
	role := RoleFor(p, d)
	if role == "" {
		return err
	}
	return fmt.Errorf("%w: the role %s grants it", err, role)
}

// RoleFor names the first of the operator's roles that holds a permission, those that
// every installation has before others; empty where none does.
func RoleFor(p Permission, d providers.Description) string {
	for _, role := range []struct {
		name  string
		rules []rbacv1.PolicyRule
	}{
		{BaseRole, Base().All()},
		{VendorRole(d.Vendor), Vendor(d).All()},
		{OptInRole(d.Vendor), OptIn(d).All()},
		{AuthorizationRole, Authorization().All()},
		{LeaderElectionRole, LeaderElection()},
	} {
		if p.isIn(role.rules) {
			return role.name
		}
	}
	return ""
}

// isIn tells whether rules grant it, in its namespace and for its name.
func (p Permission) isIn(rules []rbacv1.PolicyRule) bool {
	p.Namespace = ""
	ofAny := p
	ofAny.Name = ""
	granted := Split(rules)
	return slices.Contains(granted, p) || slices.Contains(granted, ofAny)
}

// Split lists the permissions of rules, each once, in their order.
func Split(rules []rbacv1.PolicyRule) []Permission {
	var all []Permission
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, newPermissions(verb, group, resource, rule.ResourceNames)...)
				}
			}
		}
	}
	seen := map[Permission]bool{}
	return slices.DeleteFunc(all, func(p Permission) bool {
		known := seen[p]
		seen[p] = true
		return known
	})
}

// newPermissions is one permission for each name, or for any.
func newPermissions(verb, group, resource string, names []string) []Permission {
	resource, subresource, _ := strings.Cut(resource, "/")
	p := Permission{Verb: verb, Group: group, Resource: resource, Subresource: subresource}
	if len(names) == 0 {
		return []Permission{p}
	}
	var all []Permission
	for _, name := range names {
		p.Name = name
		all = append(all, p)
	}
	return all
}

// Rule grants the permission in every namespace.
func (p Permission) Rule() rbacv1.PolicyRule {
	resource := p.Resource
	if p.Subresource != "" {
		resource += "/" + p.Subresource
	}
	r := rule(p.Group, []string{resource}, p.Verb)
	if p.Name != "" {
		r = named(r, p.Name)
	}
	return r
}
