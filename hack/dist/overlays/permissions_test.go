// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/hack/dist/internal/rules"
	"github.com/meshingress/meshingress/hack/dist/manifests"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/expect"
)

const (
	namespace = "meshingress-system"

	// manager names the Deployment, its ServiceAccount and what is about its pods.
	manager = "meshingress-controller-manager"
)

// installations are the directories of config that can be built and applied.
func installations() []string {
	return []string{"default", "overlays/namespaced", "overlays/prometheus", "overlays/restricted", "overlays/vendor-limited"}
}

// watched are the namespaces that config/overlays/namespaced names.
func watched() []string { return []string{"ingress", "team-a"} }

var _ = Describe("What the operator may do", func() {
	It("is tested for each overlay", func() {
		overlays, err := filepath.Glob("../../../config/overlays/*")
		Expect(err).NotTo(HaveOccurred())
		var names []string
		for _, path := range overlays {
			names = append(names, "overlays/"+filepath.Base(path))
		}
		Expect(installations()).To(ConsistOf(append(names, "default")))
	})

	DescribeTable("in the whole cluster", func(name string, vendors ...v1alpha1.Vendor) {
		e := effective(build(name))
		var want []rbacv1.PolicyRule
		for _, r := range rulesOf(vendors...) {
			want = append(want, r.All()...)
		}
		Expect(e.Cluster).To(ConsistOf(expect.Distinct(want)))
		Expect(e.Namespaced).To(Equal(map[string][]rbacv1.PolicyRule{namespace: permissions.LeaderElection()}))
	},
		Entry("is what all vendors need, by default", "default"),
		Entry("is no more with Prometheus", "overlays/prometheus"),
		Entry("is what some vendors need", "overlays/vendor-limited", v1alpha1.VendorIngressNginx, v1alpha1.VendorGatewayAPI),
		Entry("is no more, restricted", "overlays/restricted", v1alpha1.VendorIngressNginx, v1alpha1.VendorGatewayAPI),
	)

	It("is only what has no namespace, but for the namespaces that it works in", func() {
		e := effective(build("overlays/namespaced"))
		var everywhere, there []rbacv1.PolicyRule
		for _, r := range rulesOf() {
			everywhere, there = append(everywhere, r.Cluster...), append(there, r.All()...)
		}
		Expect(e.Cluster).To(ConsistOf(expect.Distinct(everywhere)))
		Expect(e.Namespaced).To(HaveLen(len(watched()) + 1))
		Expect(e.Namespaced[namespace]).To(Equal(permissions.LeaderElection()))
		for _, ns := range watched() {
			Expect(e.Namespaced[ns]).To(ConsistOf(expect.Distinct(there)), ns)
		}
	})

	It("is bound where the operator looks", func() {
		pod := podOf(build("overlays/namespaced"), namespace)
		Expect(pod.Spec.Containers[0].Args).To(ContainElement("--watch-namespaces=" + strings.Join(watched(), ",")))
	})

	It("leaves nothing behind for an opt-in to bring what no namespace has", func() {
		registry, err := all.New()
		Expect(err).NotTo(HaveOccurred())
		for _, p := range registry.All() {
			Expect(permissions.OptIn(p.Describe()).Cluster).To(BeEmpty(), "config/rbac/cluster-scoped has no opt-ins")
		}
	})

	for _, name := range installations() {
		It("has no wildcard, no Secret and no verb that server-side apply does without: "+name, func() {
			objects := build(name)
			Expect(slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Secret" })).To(BeFalse())
			e := effective(objects)
			delete(e.Namespaced, namespace) // its lease, which is written with update
			granted := e.Cluster
			for _, rules := range e.Namespaced {
				granted = append(granted, rules...)
			}
			Expect(granted).NotTo(BeEmpty())
			for _, r := range granted {
				Expect(slices.Concat(r.APIGroups, r.Resources, r.Verbs)).NotTo(ContainElement("*"))
				Expect(r.Resources).NotTo(ContainElement("secrets"))
				Expect(r.Verbs).To(HaveEach(BeElementOf("get", "list", "watch", "create", "patch", "delete")))
			}
		})
	}
})

// build builds a directory of config.
func build(name string) []*unstructured.Unstructured {
	GinkgoHelper()
	objects, err := manifests.Build(filepath.Join("../../../config", name))
	Expect(err).NotTo(HaveOccurred())
	return objects
}

// one is the one object of a kind and name.
func one(objects []*unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	GinkgoHelper()
	found := slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
		return o.GetKind() != kind || o.GetName() != name
	})
	Expect(found).To(HaveLen(1), "%s %s", kind, name)
	return found[0]
}

func effective(objects []*unstructured.Unstructured) rules.Effective {
	GinkgoHelper()
	e, err := rules.Of(objects, types.NamespacedName{Namespace: namespace, Name: manager})
	Expect(err).NotTo(HaveOccurred())
	return e
}

// rulesOf are those that some vendors need, or all where none is named.
func rulesOf(vendors ...v1alpha1.Vendor) []permissions.Rules {
	GinkgoHelper()
	descriptions, err := all.Describe()
	Expect(err).NotTo(HaveOccurred())
	result := []permissions.Rules{permissions.Base()}
	for _, d := range descriptions {
		if len(vendors) == 0 || slices.Contains(vendors, d.Vendor) {
			result = append(result, permissions.Vendor(d))
		}
	}
	return result
}
