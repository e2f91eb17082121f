// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"context"
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/expect"
)

// row asks for the only object of a resource as kubectl does, and returns what
// kubectl would show of it: the cells by column.
func row(ctx context.Context, resource string) map[string]any {
	GinkgoHelper()
	clientset, err := kubernetes.NewForConfig(testEnv.Config)
	Expect(err).NotTo(HaveOccurred())
	answer, err := clientset.RESTClient().Get().
		AbsPath("/apis", v1alpha1.GroupVersion.Group, v1alpha1.GroupVersion.Version, resource).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").
		Do(ctx).Raw()
	Expect(err).NotTo(HaveOccurred())
	var table metav1.Table
	Expect(json.Unmarshal(answer, &table)).To(Succeed())
	Expect(table.Rows).To(HaveLen(1))
	cells := map[string]any{}
	for i, column := range table.ColumnDefinitions {
		cells[column.Name] = table.Rows[0].Cells[i]
	}
	Expect(cells).To(HaveKey("Age"))
	delete(cells, "Age")
	return cells
}

func condition(conditionType string, status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: status, Reason: reason, LastTransitionTime: metav1.Unix(1, 0)}
}

// asAnother is the CRD in an API group that is not served, so that it can be
// created, in a dry run, beside the real one.
func asAnother(crd *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.CustomResourceDefinition {
	spec := crd.Spec.DeepCopy()
	spec.Group = "warnings.meshingress.dev"
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: spec.Names.Plural + "." + spec.Group, Annotations: crd.Annotations},
		Spec:       *spec,
	}
}

var _ = Describe("The kinds", func() {
	DescribeTable("are known to kubectl by their names",
		func(resource string, want metav1.APIResource) {
			d, err := discovery.NewDiscoveryClientForConfig(testEnv.Config)
			Expect(err).NotTo(HaveOccurred())
			list, err := d.ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
			Expect(err).NotTo(HaveOccurred())
			Expect(list.APIResources).To(ContainElement(And(
				HaveField("Name", resource),
				HaveField("Kind", want.Kind),
				HaveField("Namespaced", want.Namespaced),
				HaveField("ShortNames", ConsistOf(want.ShortNames)),
				HaveField("Categories", ConsistOf("mesh")),
			)))
			Expect(list.APIResources).To(ContainElement(HaveField("Name", resource+"/status")))
		},
		Entry("MeshIngress, in a namespace", meshIngresses,
			metav1.APIResource{Kind: "MeshIngress", Namespaced: true, ShortNames: []string{"mi"}}),
		Entry("MeshIngressClass, of the cluster", meshIngressClasses,
			metav1.APIResource{Kind: "MeshIngressClass", ShortNames: []string{"mic"}}),
	)

	// kubectl looks a name up among the categories before the resources: with a
	// category of that name, "kubectl delete meshingress web" would mean both kinds.
	DescribeTable("can be told from their categories", func(ctx SpecContext, resource string) {
		names := readCRD(ctx, resource).Spec.Names
		all := append([]string{names.Plural, names.Singular}, names.ShortNames...)
		Expect(names.Categories).NotTo(ContainElement(BeElementOf(all)))
	},
		Entry("MeshIngress", meshIngresses),
		Entry("MeshIngressClass", meshIngressClasses),
	)

	DescribeTable("are installed without a warning of the API server", func(ctx SpecContext, resource string) {
		var warnings recorder
		config := rest.CopyConfig(testEnv.Config)
		config.WarningHandlerWithContext = &warnings
		c, err := client.New(config, client.Options{Scheme: testEnv.Scheme()})
		Expect(err).NotTo(HaveOccurred())
		Expect(c.Create(ctx, asAnother(readCRD(ctx, resource)), client.DryRunAll)).To(Succeed())
		Expect(warnings).To(BeEmpty())
	},
		Entry("MeshIngress", meshIngresses),
		Entry("MeshIngressClass", meshIngressClasses),
	)

	It("show a MeshIngress in one line", func(ctx SpecContext) {
		mi := validMeshIngress()
		mi.Status = v1alpha1.MeshIngressStatus{
			ClassName: "traefik",
			Strategy:  v1alpha1.StrategyClusterIP,
			Conditions: []metav1.Condition{
				condition(v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed),
				condition(v1alpha1.ConditionMeshed, metav1.ConditionUnknown, v1alpha1.ReasonPending),
				condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonInvalidBackend),
			},
		}
		expect.ExpectApplied(ctx, testEnv.Client, mi)
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, mi) })
		Expect(row(ctx, meshIngresses)).To(Equal(map[string]any{
			"Name": "web", "Class": "traefik", "Strategy": "ClusterIP",
			"Programmed": "True", "Meshed": "Unknown", "Ready": "False", "Reason": "InvalidBackend",
		}))
	})

	It("show a MeshIngressClass in one line", Serial, func(ctx SpecContext) {
		class := validClass()
		class.Status = v1alpha1.MeshIngressClassStatus{
			Strategy:   v1alpha1.StrategyHeader,
			Linkerd:    &v1alpha1.LinkerdStatus{Version: "edge-26.8.3"},
			MeshedPods: "2/3",
			Conditions: []metav1.Condition{
				condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotInjected),
			},
		}
		expect.ExpectApplied(ctx, testEnv.Client, class)
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, class) })
		Expect(row(ctx, meshIngressClasses)).To(Equal(map[string]any{
			"Name": "traefik", "Vendor": "Traefik", "Strategy": "Header", "Linkerd": "edge-26.8.3",
			"Meshed": "2/3", "Ready": "False", "Reason": "NotInjected",
		}))
	})

	It("keep the spec from a change by way of the status, and the status from one by way of the spec",
		func(ctx SpecContext) {
			class := validClass()
			class.Name = "status"
			class.Status.MeshedPods = "1/1"
			Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, class) })
			Expect(class.Status.MeshedPods).To(BeEmpty())

			class.Spec.Routing = v1alpha1.RoutingAuto
			Expect(testEnv.Client.Status().Update(ctx, class)).To(Succeed())
			Expect(class.Spec.Routing).To(Equal(v1alpha1.RoutingHeader))
		})
})
