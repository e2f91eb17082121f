// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/hack/dist/internal/rules"
	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// The account that the bindings of the tests name.
var account = types.NamespacedName{Namespace: "system", Name: "manager"}

func TestOf(t *testing.T) {
	cases := map[string]struct {
		objects string
		want    rules.Effective
	}{
		"nobody binds the account": {
			objects: clusterRole("a", "pods", ""),
			want:    rules.Effective{Namespaced: map[string][]rbacv1.PolicyRule{}},
		},
		"bindings are followed in the order of their names, and no rule comes twice": {
			objects: join(
				clusterRole("b", "services", ""), clusterRole("a", "pods", ""), clusterRole("c", "pods", ""),
				bind("ClusterRoleBinding", "", "b", "ClusterRole"), bind("ClusterRoleBinding", "", "a", "ClusterRole"),
				bind("ClusterRoleBinding", "", "c", "ClusterRole"),
			),
			want: rules.Effective{Cluster: get("pods", "services"), Namespaced: map[string][]rbacv1.PolicyRule{}},
		},
		"an aggregated role has the rules of those that its selector picks, and none of its own": {
			objects: join(
				aggregated("all", "to-all"), clusterRole("b", "services", "to-all"), clusterRole("a", "pods", "to-all"),
				clusterRole("other", "secrets", "to-others"), bind("ClusterRoleBinding", "", "all", "ClusterRole"),
			),
			want: rules.Effective{Cluster: get("pods", "services"), Namespaced: map[string][]rbacv1.PolicyRule{}},
		},
		"an aggregated role may pick another, and itself in a circle": {
			objects: join(
				labeled(aggregated("outer", "to-outer"), "to-inner"), labeled(aggregated("inner", "to-inner"), "to-outer"),
				clusterRole("leaf", "pods", "to-inner"), bind("ClusterRoleBinding", "", "outer", "ClusterRole"),
			),
			want: rules.Effective{Cluster: get("pods"), Namespaced: map[string][]rbacv1.PolicyRule{}},
		},
		"a RoleBinding gives a Role of its namespace, or a ClusterRole there": {
			objects: join(
				role("system", "a", "leases"), role("elsewhere", "a", "secrets"), clusterRole("b", "pods", ""),
				bind("RoleBinding", "system", "a", "Role"), bind("RoleBinding", "other", "b", "ClusterRole"),
			),
			want: rules.Effective{Namespaced: map[string][]rbacv1.PolicyRule{"system": get("leases"), "other": get("pods")}},
		},
		"a binding of another account gives nothing": {
			objects: join(clusterRole("a", "pods", ""),
				strings.ReplaceAll(bind("ClusterRoleBinding", "", "a", "ClusterRole"), "name: manager", "name: other")),
			want: rules.Effective{Namespaced: map[string][]rbacv1.PolicyRule{}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := rules.Of(decode(t, tc.objects), account)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfSaysWhichRoleIsMissing(t *testing.T) {
	for _, binding := range []string{
		bind("ClusterRoleBinding", "", "gone", "ClusterRole"), bind("RoleBinding", "system", "gone", "Role"),
	} {
		_, err := rules.Of(decode(t, binding), account)
		if err == nil || !strings.Contains(err.Error(), "Role gone") {
			t.Errorf("the error is %v, and names no role", err)
		}
	}
}

func get(resources ...string) []rbacv1.PolicyRule {
	var result []rbacv1.PolicyRule
	for _, r := range resources {
		result = append(result, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{r}, Verbs: []string{"get"}})
	}
	return result
}

func join(documents ...string) string { return strings.Join(documents, "---\n") }

func role(namespace, name, resource string) string {
	return "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n" +
		"metadata: {namespace: " + namespace + ", name: " + name + "}\n" +
		"rules: [{apiGroups: [''], resources: [" + resource + "], verbs: [get]}]\n"
}

func clusterRole(name, resource, label string) string {
	return "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n" +
		"metadata: {name: " + name + ", labels: {'" + label + "': 'yes'}}\n" +
		"rules: [{apiGroups: [''], resources: [" + resource + "], verbs: [get]}]\n"
}

func aggregated(name, label string) string {
	return clusterRole(name, "nodes", "none") +
		"aggregationRule: {clusterRoleSelectors: [{matchLabels: {" + label + ": 'yes'}}]}\n"
}

func labeled(role, label string) string { return strings.ReplaceAll(role, "'none'", "'"+label+"'") }

func bind(kind, namespace, role, roleKind string) string {
	return "apiVersion: rbac.authorization.k8s.io/v1\nkind: " + kind + "\n" +
		"metadata: {name: " + role + ", namespace: '" + namespace + "'}\n" +
		"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: " + roleKind + ", name: " + role + "}\n" +
		"subjects:\n- kind: ServiceAccount\n  name: manager\n  namespace: system\n"
}

func decode(t *testing.T, documents string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifests.Decode([]byte(documents))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
