// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package expect

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// Distinct returns each of some rules once, in their order: an aggregated role holds what
// several of its parts grant only once.
func Distinct(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	var result []rbacv1.PolicyRule
	for _, r := range rules {
		if !slices.ContainsFunc(result, func(other rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(r, other) }) {
			result = append(result, r)
		}
	}
	return result
}
