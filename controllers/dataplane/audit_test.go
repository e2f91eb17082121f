// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"encoding/json"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// owned lists the fields of an object that field managers of ours own, as
// status.planned has them.
func owned(ctx SpecContext, entry v1alpha1.InventoryEntry) map[string]string {
	GinkgoHelper()
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(inventory.GVK(entry))
	Expect(testEnv.Client.Get(ctx, client.ObjectKey{Namespace: entry.Namespace, Name: entry.Name}, o)).To(Succeed())
	found := map[string]string{}
	for _, managed := range o.GetManagedFields() {
		if managed.Operation != metav1.ManagedFieldsOperationApply || !strings.HasPrefix(managed.Manager, v1alpha1.FieldManager) {
			continue
		}
		var set fieldpath.Set
		Expect(set.FromJSON(managed.FieldsV1.GetRawReader())).To(Succeed())
		set.Leaves().Iterate(func(path fieldpath.Path) {
			var keys []string
			text := ""
			for _, element := range path {
				Expect(element.FieldName).NotTo(BeNil(), "%s is in a list", path)
				name := *element.FieldName
				if keys = append(keys, name); strings.ContainsAny(name, "./") {
					text += "[" + name + "]"
				} else {
					text += "." + name
				}
			}
			value, _, err := unstructured.NestedFieldNoCopy(o.Object, keys...)
			Expect(err).NotTo(HaveOccurred())
			inJSON, err := json.Marshal(value)
			Expect(err).NotTo(HaveOccurred())
			found[strings.TrimPrefix(text, ".")] = string(inJSON)
		})
	}
	return found
}

var _ = Describe("An audit", func() {
	It("writes nothing, and shows what it would set", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		before := snapshot(ctx)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithInjection(v1alpha1.InjectionAudit))
		settle(ctx, class)
		sayRolledOut(ctx, traefikWorkload, 1)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonAudit, "status.planned")
		Expect(latest(ctx, class).Status.Workloads[0].Fields).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}))
		forgetStatus(ctx, traefikWorkload)
		expectSame(ctx, before)

		By("in which a workload that somebody else has meshed is Ready")
		annotate(ctx, traefikWorkload, map[string]string{inject: "enabled"})
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled"}))
	})

	DescribeTable("of a workload on which somebody else has set something shows what Enforce then writes",
		func(ctx SpecContext, theirs map[string]any, options ...builders.ClassOption) {
			installLinkerd(ctx)
			installTraefikByHelm(ctx, theirs)
			class := builders.Class("traefik", v1alpha1.VendorTraefik, options...)
			class.Spec.DataPlane.Injection = v1alpha1.InjectionAudit
			Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
			settle(ctx, class)
			planned := map[string]string{}
			for _, p := range latest(ctx, class).Status.Planned {
				planned = p.Fields
			}
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionEnforce })
			settle(ctx, class)
			Expect(owned(ctx, v1alpha1.InventoryEntry{
				Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "traefik", Name: "traefik",
			})).To(Equal(planned))
		},
		Entry("another mode, which stays theirs", map[string]any{inject: "disabled"}),
		Entry("ports that are enough", map[string]any{skipPorts: "8000,8443"}),
		Entry("ports that are too few", map[string]any{skipPorts: "22"}),
		Entry("another mode, which is taken over", map[string]any{inject: "disabled", skipPorts: "22"}, overriding),
	)
})
