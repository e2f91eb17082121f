// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/watched"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// errUnlisted is a refusal of the API server.
var errUnlisted = apierrors.NewForbidden(schema.GroupResource{Group: "x.example", Resource: "things"}, "",
	errors.New(`user "operator" cannot list resource "things" in API group "x.example" at the cluster scope`))

var _ = Describe("What may not be read is not taken for gone", func() {
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		Expect(testEnv.Client.Create(ctx, strangersIngress("traefik", "traefik")())).To(Succeed())
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed, metav1.ConditionTrue,
			v1alpha1.ReasonUncoveredRoutes)
		Expect(latest(ctx, class).Status.Workloads).To(ConsistOf(HaveField("IngressModePods", BeNumerically(">", 0))))

		operator.Watches.Err = errUnlisted
		DeferCleanup(func() { operator.Watches.Err = nil })
	})

	It("neither the open routes of others nor the pods in ingress mode", func(ctx SpecContext) {
		before := latest(ctx, class).Status
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonForbidden)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionMeshed, metav1.ConditionUnknown, v1alpha1.ReasonForbidden)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed, metav1.ConditionTrue,
			v1alpha1.ReasonUncoveredRoutes)
		after := latest(ctx, class).Status
		Expect(after.Workloads).To(Equal(before.Workloads))
		Expect(after.UncoveredRoutes).To(Equal(before.UncoveredRoutes))
	})

	It("so a new MeshIngress gets no route without the header while pods are in ingress mode", func(ctx SpecContext) {
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingClusterIP })
		settle(ctx, class)
		operator.Watches.Err = nil // what the MeshIngress reads may be read

		expect.ExpectApplied(ctx, testEnv.Client, builders.Service("traefik", "web-svc", builders.ServicePort("http", 80)))
		fresh := builders.MeshIngress("fresh", "traefik", builders.WithClass("traefik"), builders.WithRule("", "/", "web-svc", 80))
		expect.ExpectApplied(ctx, testEnv.Client, fresh)
		DeferCleanup(func(ctx SpecContext) { removeMeshIngress(ctx, fresh) })
		routes := operator.MeshIngress()
		for range 4 {
			_, err := controllertest.Reconcile(ctx, routes, fresh)
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(latest(ctx, fresh).Status.Inventory).To(BeEmpty(), "open relay")
	})
})

var _ = Describe("An operator that watches some namespaces", func() {
	DescribeTable("tells that it does not see the routes of the others, where these may be open to clients",
		func(ctx SpecContext, routing v1alpha1.Routing, match gomegatypes.GomegaMatcher) {
			installLinkerd(ctx)
			install(ctx, fixtures.Traefik)
			class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithRouting(routing))
			limited := operator.DataPlane()
			limited.Namespaces = watched.Namespaces{"traefik"}
			for range 3 {
				_, err := controllertest.Reconcile(ctx, limited, class)
				Expect(err).NotTo(HaveOccurred())
			}
			Expect(latest(ctx, class).Status.Notices).To(match)
		},
		Entry("in ingress mode", v1alpha1.RoutingHeader,
			ContainElement(HaveField("Message", ContainSubstring("--watch-namespaces, which is traefik")))),
		Entry("but not else", v1alpha1.RoutingClusterIP,
			Not(ContainElement(HaveField("Message", ContainSubstring("--watch-namespaces"))))),
	)
})

// removeMeshIngress deletes a MeshIngress without what the operator would do first.
func removeMeshIngress(ctx context.Context, mi *v1alpha1.MeshIngress) {
	GinkgoHelper()
	unheld := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	Expect(client.IgnoreNotFound(testEnv.Client.Patch(ctx, mi, unheld))).To(Succeed())
	Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, mi))).To(Succeed())
}
