// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package equal

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// ownNamespace stands for the namespace of the manager in a permission.
const ownNamespace = "the manager's namespace"

// Permission writes that one verb is allowed on one resource: "<where>: <verb>
// <resource>.<group>", with " <name>" where only that object is meant. Where is
// "everywhere" or a namespace.
func Permission(where, verb, resource, group, name string) string {
	target := strings.TrimSuffix(resource+"."+group, ".")
	return strings.TrimSpace(where + ": " + verb + " " + target + " " + name)
}

// binding is a RoleBinding or ClusterRoleBinding. They differ in nothing that is read.
type binding struct {
	metav1.ObjectMeta `json:"metadata"`

	RoleRef  rbacv1.RoleRef   `json:"roleRef"`
	Subjects []rbacv1.Subject `json:"subjects"`
}

// resolve returns the permissions of the manager, and the objects that have no part in
// them.
func resolve(objects []*unstructured.Unstructured, manager account) ([]string, []*unstructured.Unstructured, error) {
	used := map[*unstructured.Unstructured]bool{}
	var permissions []string
	for _, obj := range objects {
		var where string
		switch obj.GetKind() {
		case "ClusterRoleBinding":
			where = "everywhere"
		case "RoleBinding":
			where = obj.GetNamespace()
			if where == manager.namespace {
				where = ownNamespace
			}
		default:
			continue
		}
		bound := binding{}
		if err := manifests.Convert(obj, &bound); err != nil {
			return nil, nil, err
		}
		if !bound.isOnlyFor(manager) {
			continue
		}
		roles, err := rolesOf(objects, bound)
		if err != nil {
			return nil, nil, err
		}
		used[obj] = true
		for role, rules := range roles {
			used[role] = true
			permissions = append(permissions, expand(where, rules)...)
		}
	}
	slices.Sort(permissions)
	others := slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool { return used[o] })
	return slices.Compact(permissions), others, nil
}

func (b binding) isOnlyFor(manager account) bool {
	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: manager.name, Namespace: manager.namespace}
	return slices.Equal(b.Subjects, []rbacv1.Subject{subject})
}

// rolesOf returns the role of a binding, and where that is aggregated its parts, each with
// its rules.
func rolesOf(
	objects []*unstructured.Unstructured, b binding,
) (map[*unstructured.Unstructured][]rbacv1.PolicyRule, error) {
	result := map[*unstructured.Unstructured][]rbacv1.PolicyRule{}
	for _, obj := range ofKind(objects, b.RoleRef.Kind) {
		if obj.GetName() != b.RoleRef.Name || (b.RoleRef.Kind == "Role" && obj.GetNamespace() != b.Namespace) {
			continue
		}
		role := &rbacv1.ClusterRole{}
		if err := manifests.Convert(obj, role); err != nil {
			return nil, err
		}
		result[obj] = role.Rules
		if role.AggregationRule == nil {
			continue
		}
		if err := addParts(result, objects, role.AggregationRule.ClusterRoleSelectors); err != nil {
			return nil, err
		}
	}
	if len(result) == 0 {
		return nil, fmt.Errorf("%s binds %s %s, which is not there", b.Name, b.RoleRef.Kind, b.RoleRef.Name)
	}
	return result, nil
}

func addParts(
	result map[*unstructured.Unstructured][]rbacv1.PolicyRule,
	objects []*unstructured.Unstructured, selectors []metav1.LabelSelector,
) error {
	for i := range selectors {
		selector, err := metav1.LabelSelectorAsSelector(&selectors[i])
		if err != nil {
			return fmt.Errorf("reading an aggregationRule: %w", err)
		}
		for _, obj := range ofKind(objects, "ClusterRole") {
			if !selector.Matches(labels.Set(obj.GetLabels())) {
				continue
			}
			part := &rbacv1.ClusterRole{}
			if err := manifests.Convert(obj, part); err != nil {
				return err
			}
			result[obj] = part.Rules
		}
	}
	return nil
}

// expand writes each permission of rules by itself.
func expand(where string, rules []rbacv1.PolicyRule) []string {
	var result []string
	for _, r := range rules {
		names := r.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, verb := range r.Verbs {
			for _, group := range r.APIGroups {
				for _, resource := range r.Resources {
					for _, name := range names {
						result = append(result, Permission(where, verb, resource, group, name))
					}
				}
			}
			for _, url := range r.NonResourceURLs {
				result = append(result, Permission(where, verb, url, "", ""))
			}
		}
	}
	return result
}
