// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/internal/permissions"
)

var _ = It("There is a row for every permission that the operator is installed with", func(ctx SpecContext) {
	rows := permissions.Split(slices.Concat(electionRules(), baseRules()))
	for _, vendor := range vendors() {
		rows = append(rows, permissions.Split(vendorRules(describe(vendor)))...)
	}
	Expect(testEnv.InstallRBAC(ctx)).To(Succeed())
	installed := permissions.Split(boundRules(ctx))
	Expect(len(installed)).To(BeNumerically(">", len(permissions.Split(electionRules()))), "the roles were not found")
	Expect(slices.DeleteFunc(installed, func(p permissions.Permission) bool { return slices.Contains(rows, p) })).
		To(BeEmpty(), "no row takes these from the operator")
})

// boundRules are those of every role that is bound to the operator's ServiceAccount.
func boundRules(ctx context.Context) []rbacv1.PolicyRule {
	GinkgoHelper()
	var everywhere rbacv1.ClusterRoleBindingList
	Expect(admin.List(ctx, &everywhere)).To(Succeed())
	var inNamespaces rbacv1.RoleBindingList
	Expect(admin.List(ctx, &inNamespaces)).To(Succeed())
	bindings := inNamespaces.Items
	for _, b := range everywhere.Items {
		bindings = append(bindings, rbacv1.RoleBinding{RoleRef: b.RoleRef, Subjects: b.Subjects})
	}
	var rules []rbacv1.PolicyRule
	for _, b := range bindings {
		if slices.ContainsFunc(b.Subjects, isOperator) {
			rules = append(rules, rulesOf(ctx, b)...)
		}
	}
	return rules
}

func isOperator(s rbacv1.Subject) bool {
	return s.Kind == rbacv1.ServiceAccountKind && s.Namespace == leaseNamespace
}

func rulesOf(ctx context.Context, b rbacv1.RoleBinding) []rbacv1.PolicyRule {
	GinkgoHelper()
	key := client.ObjectKey{Namespace: b.Namespace, Name: b.RoleRef.Name}
	if b.RoleRef.Kind == "Role" {
		role := &rbacv1.Role{}
		Expect(admin.Get(ctx, key, role)).To(Succeed())
		return role.Rules
	}
	role := &rbacv1.ClusterRole{}
	Expect(admin.Get(ctx, client.ObjectKey{Name: key.Name}, role)).To(Succeed())
	return role.Rules
}
