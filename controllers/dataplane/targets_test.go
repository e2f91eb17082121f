// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// place is where the annotations for the pods of a generated workload go.
type place struct {
	target          v1alpha1.InjectionTarget
	group, kind     string
	namespace, name string
	path            []string
}

func (p place) read(ctx SpecContext) *unstructured.Unstructured {
	GinkgoHelper()
	version := "v1"
	if p.group == "gateway.envoyproxy.io" || p.group == "projectcontour.io" {
		version = "v1alpha1"
	}
	o := route(p.group, version, p.kind)
	Expect(testEnv.Client.Get(ctx, client.ObjectKey{Namespace: p.namespace, Name: p.name}, o)).To(Succeed())
	return o
}

func (p place) annotations(ctx SpecContext) map[string]string {
	GinkgoHelper()
	all, _, err := unstructured.NestedStringMap(p.read(ctx).Object, p.path...)
	Expect(err).NotTo(HaveOccurred())
	return all
}

// set sets one annotation as a user does; an empty value removes it.
func (p place) set(ctx SpecContext, key, value string) {
	GinkgoHelper()
	before := p.read(ctx)
	after := before.DeepCopy()
	path := append(append([]string{}, p.path...), key)
	if value == "" {
		unstructured.RemoveNestedField(after.Object, path...)
	} else {
		Expect(unstructured.SetNestedField(after.Object, value, path...)).To(Succeed())
	}
	Expect(testEnv.Client.Patch(ctx, after, client.MergeFrom(before), client.FieldOwner("kubectl-edit"))).To(Succeed())
}

const envoyNamespace = "envoy-gateway-system"

func envoyNamespacePlace(target v1alpha1.InjectionTarget) place {
	return place{target, "", "Namespace", "", envoyNamespace, []string{"metadata", "annotations"}}
}

// forEachPlace makes one spec for each target of Envoy Gateway.
func forEachPlace(text string, body func(ctx SpecContext, p place)) {
	GinkgoHelper()
	DescribeTable(text, body,
		Entry("the Namespace, by default", envoyNamespacePlace(v1alpha1.InjectionTargetAuto)),
		Entry("the Namespace", envoyNamespacePlace(v1alpha1.InjectionTargetNamespace)),
		Entry("the Gateway", place{
			v1alpha1.InjectionTargetGateway, "gateway.networking.k8s.io", "Gateway", "infra", "public",
			[]string{"spec", "infrastructure", "annotations"},
		}),
		Entry("the EnvoyProxy", place{
			v1alpha1.InjectionTargetEnvoyProxy, "gateway.envoyproxy.io", "EnvoyProxy", "infra", "public",
			[]string{"spec", "provider", "kubernetes", "envoyDeployment", "pod", "annotations"},
		}),
	)
}

// envoyClass is a class of the Gateway of the fixture.
func envoyClass(ctx SpecContext, name string, opts ...builders.ClassOption) *v1alpha1.MeshIngressClass {
	GinkgoHelper()
	return newClass(ctx, name, v1alpha1.VendorEnvoyGateway, append(opts, forGateway)...)
}

func forGateway(class *v1alpha1.MeshIngressClass) {
	class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}}
}

func withTarget(target v1alpha1.InjectionTarget) builders.ClassOption {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.InjectionTarget = target }
}

var _ = Describe("A workload that another controller generates", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.EnvoyGateway)
	})

	forEachPlace("is annotated where its controller looks", func(ctx SpecContext, p place) {
		before := snapshot(ctx)
		class := envoyClass(ctx, "public", withTarget(p.target))
		settle(ctx, class)

		Expect(p.annotations(ctx)).To(And(HaveKeyWithValue(inject, "enabled"), HaveKeyWithValue(skipPorts, "4567,4568,10080")))
		Expect(workloadWrites()).To(BeEmpty())
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress)
		status := latest(ctx, class).Status
		Expect(status.Workloads).To(HaveLen(1))
		Expect(status.Workloads[0].Fields).To(HaveKeyWithValue(skipPorts, "4567,4568,10080"))
		Expect(status.Claims).To(ContainElement(HaveField("Kind", p.kind)))

		remove(ctx, class)
		expectSame(ctx, before)
	})

	forEachPlace("gets back what somebody took away, and keeps what is theirs", func(ctx SpecContext, p place) {
		p.set(ctx, "example.com/theirs", "yes")
		before := snapshot(ctx)
		class := envoyClass(ctx, "public", withTarget(p.target))
		settle(ctx, class)
		p.set(ctx, inject, "")
		Expect(p.annotations(ctx)).NotTo(HaveKey(inject))
		settle(ctx, class)
		Expect(p.annotations(ctx)).To(And(HaveKeyWithValue(inject, "enabled"), HaveKeyWithValue("example.com/theirs", "yes")))

		remove(ctx, class)
		expectSame(ctx, before)
	})

	forEachPlace("is left alone where somebody has set another mode", func(ctx SpecContext, p place) {
		p.set(ctx, inject, "disabled")
		before := snapshot(ctx)
		class := envoyClass(ctx, "public", withTarget(p.target))
		settle(ctx, class)
		Expect(p.annotations(ctx)).To(HaveKeyWithValue(inject, "disabled"))
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict, "kubectl-edit", p.kind)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted, metav1.ConditionTrue, v1alpha1.ReasonFieldConflict)
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("has its annotations moved where the class names another target", func(ctx SpecContext) {
		namespace := envoyNamespacePlace(v1alpha1.InjectionTargetNamespace)
		before := snapshot(ctx)
		class := envoyClass(ctx, "public")
		settle(ctx, class)
		Expect(namespace.annotations(ctx)).To(HaveKey(inject))
		change(ctx, class, withTarget(v1alpha1.InjectionTargetGateway))
		settle(ctx, class)
		Expect(namespace.annotations(ctx)).NotTo(HaveKey(inject))
		gateway := latest(ctx, named("gateway.networking.k8s.io", "v1", "Gateway", "infra", "public"))
		annotations, _, err := unstructured.NestedStringMap(gateway.Object, "spec", "infrastructure", "annotations")
		Expect(err).NotTo(HaveOccurred())
		Expect(annotations).To(HaveKeyWithValue(inject, "enabled"))
		remove(ctx, class)
		expectSame(ctx, before)
	})

	It("is never patched itself", func(ctx SpecContext) {
		class := envoyClass(ctx, "public", withTarget(v1alpha1.InjectionTargetWorkload))
		settle(ctx, class)
		Expect(workloadWrites()).To(BeEmpty())
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, "generated", "Namespace, Gateway, EnvoyProxy")
	})

	It("shares its Namespace among classes", func(ctx SpecContext) {
		before := snapshot(ctx)
		one, two := envoyClass(ctx, "one"), envoyClass(ctx, "two")
		settle(ctx, one, two)
		namespace := envoyNamespacePlace(v1alpha1.InjectionTargetNamespace)
		Expect(namespace.annotations(ctx)).To(HaveKeyWithValue(inject, "enabled"))
		remove(ctx, one)
		Expect(namespace.annotations(ctx)).To(HaveKeyWithValue(inject, "enabled"))
		remove(ctx, two)
		expectSame(ctx, before)
	})

	It("needs an EnvoyProxy where the class names that", func(ctx SpecContext) {
		edit(ctx, named("gateway.networking.k8s.io", "v1", "Gateway", "infra", "public"), func(o *unstructured.Unstructured) {
			unstructured.RemoveNestedField(o.Object, "spec", "infrastructure")
		})
		class := envoyClass(ctx, "public", withTarget(v1alpha1.InjectionTargetEnvoyProxy), builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked, "EnvoyProxy")
	})
})

var _ = It("A data plane outside of the cluster is never meshed, and nothing is written", func(ctx SpecContext) {
	installLinkerd(ctx)
	install(ctx, fixtures.GCE)
	before := snapshot(ctx)
	class := newClass(ctx, "gce", v1alpha1.VendorGCE)
	settle(ctx, class)
	expectSame(ctx, before)
	expectUnmeshed(ctx, class, v1alpha1.ReasonDataPlaneOutsideCluster)
	expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, metav1.ConditionFalse, v1alpha1.ReasonDataPlaneOutsideCluster)
})

func named(group, version, kind, namespace, name string) *unstructured.Unstructured {
	o := route(group, version, kind)
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}
