// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// Effective is what a ServiceAccount may do.
type Effective struct {
	// Cluster holds in the whole cluster.
	Cluster []rbacv1.PolicyRule

	// Namespaced holds in some namespaces, by their names.
	Namespaced map[string][]rbacv1.PolicyRule
}

// Of returns what the bindings among objects give the ServiceAccount. No rule is
// there twice; they are in the order of the names of the roles. A binding to a role
// that is not among the objects is an error.
func Of(objects []*unstructured.Unstructured, account types.NamespacedName) (Effective, error) {
	r, err := read(objects)
	if err != nil {
		return Effective{}, err
	}
	e := Effective{Namespaced: map[string][]rbacv1.PolicyRule{}}
	for _, b := range r.clusterBindings {
		if !names(b.Subjects, account) {
			continue
		}
		rules, err := r.lookUp(b.RoleRef, "")
		if err != nil {
			return Effective{}, fmt.Errorf("following ClusterRoleBinding %s: %w", b.Name, err)
		}
		e.Cluster = merge(e.Cluster, rules)
	}
	for _, b := range r.bindings {
		if !names(b.Subjects, account) {
			continue
		}
		rules, err := r.lookUp(b.RoleRef, b.Namespace)
		if err != nil {
			return Effective{}, fmt.Errorf("following RoleBinding %s/%s: %w", b.Namespace, b.Name, err)
		}
		e.Namespaced[b.Namespace] = merge(e.Namespaced[b.Namespace], rules)
	}
	return e, nil
}

type roles struct {
	clusterRoles    []rbacv1.ClusterRole
	roles           []rbacv1.Role
	clusterBindings []rbacv1.ClusterRoleBinding
	bindings        []rbacv1.RoleBinding
}

func read(objects []*unstructured.Unstructured) (roles, error) {
	r := roles{}
	for _, obj := range objects {
		if obj.GroupVersionKind().Group != rbacv1.GroupName {
			continue
		}
		var err error
		switch obj.GetKind() {
		case "ClusterRole":
			r.clusterRoles, err = decode(r.clusterRoles, obj)
		case "Role":
			r.roles, err = decode(r.roles, obj)
		case "ClusterRoleBinding":
			r.clusterBindings, err = decode(r.clusterBindings, obj)
		case "RoleBinding":
			r.bindings, err = decode(r.bindings, obj)
		}
		if err != nil {
			return roles{}, fmt.Errorf("reading %s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
	}
	slices.SortFunc(r.clusterRoles, func(a, b rbacv1.ClusterRole) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(r.clusterBindings, func(a, b rbacv1.ClusterRoleBinding) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(r.bindings, func(a, b rbacv1.RoleBinding) int { return cmp.Compare(a.Name, b.Name) })
	return r, nil
}

func decode[T any](into []T, obj *unstructured.Unstructured) ([]T, error) {
	var typed T
	err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, &typed, true)
	return append(into, typed), err
}

// names reports whether the ServiceAccount is one of the subjects.
func names(subjects []rbacv1.Subject, account types.NamespacedName) bool {
	return slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool {
		return s.Kind == rbacv1.ServiceAccountKind && s.Namespace == account.Namespace && s.Name == account.Name
	})
}

// lookUp returns the rules of a role that a binding of the namespace refers to.
func (r roles) lookUp(ref rbacv1.RoleRef, namespace string) ([]rbacv1.PolicyRule, error) {
	if ref.Kind == "ClusterRole" {
		i := slices.IndexFunc(r.clusterRoles, func(c rbacv1.ClusterRole) bool { return c.Name == ref.Name })
		if i >= 0 {
			return r.resolve(r.clusterRoles[i], nil)
		}
	}
	for _, role := range r.roles {
		if ref.Kind == "Role" && role.Name == ref.Name && role.Namespace == namespace {
			return role.Rules, nil
		}
	}
	return nil, fmt.Errorf("there is no %s %s", ref.Kind, ref.Name)
}

// resolve returns the rules of a ClusterRole. Those of an aggregated one are, as
// kube-controller-manager writes them, the union of the rules of those that a selector
// picks: what stands in the role itself is overwritten (k8s.io/kubernetes
// pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go v1.36.3).
// The roles of seen are being resolved already.
func (r roles) resolve(role rbacv1.ClusterRole, seen []string) ([]rbacv1.PolicyRule, error) {
	if role.AggregationRule == nil {
		return role.Rules, nil
	}
	seen = append(slices.Clip(seen), role.Name)
	var union []rbacv1.PolicyRule
	for _, s := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&s)
		if err != nil {
			return nil, fmt.Errorf("reading a selector of ClusterRole %s: %w", role.Name, err)
		}
		for _, candidate := range r.clusterRoles {
			if slices.Contains(seen, candidate.Name) || !selector.Matches(labels.Set(candidate.Labels)) {
				continue
			}
			rules, err := r.resolve(candidate, seen)
			if err != nil {
				return nil, err
			}
			union = merge(union, rules)
		}
	}
	return union, nil
}

// merge appends the rules that are not there yet.
func merge(into, rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	for _, rule := range rules {
		if !slices.ContainsFunc(into, func(r rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(r, rule) }) {
			into = append(into, rule)
		}
	}
	return into
}
