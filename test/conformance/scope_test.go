// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers/all"
)

// A rule on the wrong side would leave an installation that watches some namespaces
// without a permission, or give it more than it needs.
var _ = Describe("The split of the permissions by scope", func() {
	scopeOf := func(group, resource string) meta.RESTScopeName {
		GinkgoHelper()
		gvk, err := testEnv.Client.RESTMapper().KindFor(schema.GroupVersionResource{Group: group, Resource: resource})
		Expect(err).NotTo(HaveOccurred())
		mapping, err := testEnv.Client.RESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
		Expect(err).NotTo(HaveOccurred())
		return mapping.Scope.Name()
	}
	expectScope := func(rules []rbacv1.PolicyRule, want meta.RESTScopeName) {
		GinkgoHelper()
		for _, r := range rules {
			for _, resource := range r.Resources {
				resource, _, _ = strings.Cut(resource, "/")
				Expect(scopeOf(r.APIGroups[0], resource)).To(Equal(want), "%s of group %q", resource, r.APIGroups[0])
			}
		}
	}

	It("is that of the API server, for each vendor", func() {
		registry, err := all.New()
		Expect(err).NotTo(HaveOccurred())
		for _, p := range registry.All() {
			for _, rules := range []permissions.Rules{permissions.Vendor(p.Describe()), permissions.OptIn(p.Describe())} {
				expectScope(rules.Cluster, meta.RESTScopeNameRoot)
				expectScope(rules.Namespaced, meta.RESTScopeNameNamespace)
			}
		}
	})

	It("is that of the API server for what every installation needs, but what lies in unwatched namespaces", func() {
		cluster := slices.DeleteFunc(permissions.Base().Cluster, func(r rbacv1.PolicyRule) bool {
			return slices.Contains(r.Resources, "events") || slices.Contains(r.ResourceNames, linkerd.ConfigMapName)
		})
		expectScope(cluster, meta.RESTScopeNameRoot)
		expectScope(permissions.Base().Namespaced, meta.RESTScopeNameNamespace)
		expectScope(permissions.Authorization().Namespaced, meta.RESTScopeNameNamespace)
		Expect(permissions.Authorization().Cluster).To(BeEmpty())
	})
})
