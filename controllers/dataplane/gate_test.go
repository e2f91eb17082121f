// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = Describe("Ingress mode, in which a route without the header is an open relay", func() {
	var (
		class *v1alpha1.MeshIngressClass
		web   *v1alpha1.MeshIngress
	)

	// serves makes the MeshIngress one that is served with a strategy.
	serves := func(ctx SpecContext, strategy v1alpha1.Strategy) {
		GinkgoHelper()
		web.Status.Strategy = strategy
		web.Status.Inventory = []v1alpha1.InventoryEntry{{Group: "traefik.io", Version: "v1alpha1", Kind: "IngressRoute", Name: "web"}}
		expect.ExpectApplied(ctx, testEnv.Client, web)
	}

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		web = builders.MeshIngress("web", "traefik", builders.WithClass("traefik"), builders.WithRule("", "/", "web-svc", 80))
		serves(ctx, v1alpha1.StrategyClusterIP)
		DeferCleanup(func(ctx SpecContext) { expect.ExpectDeleted(ctx, testEnv.Client, web) })
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
	})

	It("waits until every route of the class sends the header", func(ctx SpecContext) {
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		expectUnmeshed(ctx, class, v1alpha1.ReasonRoutesNotReady, "traefik/web", "l5d-dst-override")

		serves(ctx, v1alpha1.StrategyHeader)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"))
	})

	It("waits for the routes of the default class, which are named by no class", func(ctx SpecContext) {
		web.Spec.ClassName = ""
		serves(ctx, v1alpha1.StrategyClusterIP)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Annotations = map[string]string{v1alpha1.DefaultClassAnnotation: "true"}
		})
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonRoutesNotReady, "traefik/web")
	})

	DescribeTable("looks at the routes that are in place, whatever class the MeshIngress names",
		func(ctx SpecContext, placed, movingTo string, moved v1alpha1.Strategy, waits bool) {
			newClass(ctx, "other", v1alpha1.VendorContour)
			web.Spec.ClassName, web.Status.ClassName = "other", placed
			if movingTo != "" {
				web.Status.MovingTo = &v1alpha1.MovingStatus{ClassName: movingTo, Strategy: moved}
				web.Spec.ClassName = movingTo
			}
			serves(ctx, v1alpha1.StrategyClusterIP)
			settle(ctx, class)
			if waits {
				expectUnmeshed(ctx, class, v1alpha1.ReasonRoutesNotReady, "traefik/web")
			} else {
				Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"))
			}
		},
		Entry("which moves away and has not left", "traefik", "other", v1alpha1.StrategyHeader, true),
		Entry("which comes, and whose routes are not all made", "other", "traefik", v1alpha1.Strategy(""), true),
		Entry("which comes with routes that send no header", "other", "traefik", v1alpha1.StrategyClusterIP, true),
		Entry("which comes with routes that send it", "other", "traefik", v1alpha1.StrategyHeader, false),
		Entry("which has left", "other", "", v1alpha1.Strategy(""), false),
	)

	It("waits for routes that the cache does not show yet", func(ctx SpecContext) {
		reconciler.Client = withoutMeshIngresses{reconciler.Client}
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		expectUnmeshed(ctx, class, v1alpha1.ReasonRoutesNotReady, "traefik/web")
	})

	It("waits for routes of a class that is gone: they stay until they have a class again", func(ctx SpecContext) {
		web.Spec.ClassName, web.Status.ClassName = "gone", "gone"
		serves(ctx, v1alpha1.StrategyClusterIP)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		expectUnmeshed(ctx, class, v1alpha1.ReasonRoutesNotReady, "traefik/web")

		By("those of another vendor's controller are no matter")
		web.Status.Inventory = []v1alpha1.InventoryEntry{{Group: "projectcontour.io", Version: "v1", Kind: "HTTPProxy", Name: "web"}}
		expect.ExpectApplied(ctx, testEnv.Client, web)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"))
	})

	It("asks the API server for routes only where it would write", func(ctx SpecContext) {
		serves(ctx, v1alpha1.StrategyHeader)
		annotate(ctx, traefikWorkload, map[string]string{inject: "disabled"})
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict, inject)
		reconciler.Live = refusesMeshIngresses{reconciler.Live}
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict, inject)
	})

	It("tells of the routes of another class that came while the pods went over to it", func(ctx SpecContext) {
		serves(ctx, v1alpha1.StrategyHeader)
		younger := newClass(ctx, "younger", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingClusterIP))
		settle(ctx, class, younger)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"))
		for _, c := range []*v1alpha1.MeshIngressClass{class, younger} {
			expect.ExpectNoCondition(ctx, testEnv.Client, c, v1alpha1.ConditionRelayExposed)
		}

		By("a MeshIngress that had begun before")
		web.Spec.ClassName, web.Status.ClassName = "younger", "younger"
		serves(ctx, "")
		settle(ctx, class, younger)
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed)
		serves(ctx, v1alpha1.StrategyClusterIP)
		settle(ctx, class, younger)
		for _, c := range []*v1alpha1.MeshIngressClass{class, younger} {
			expect.ExpectCondition(ctx, testEnv.Client, c, v1alpha1.ConditionRelayExposed, metav1.ConditionTrue, v1alpha1.ReasonUncoveredRoutes)
			expect.ExpectConditionMessage(ctx, testEnv.Client, c, v1alpha1.ConditionRelayExposed, "MeshIngress traefik/web")
			Expect(latest(ctx, c).Status.UncoveredRoutes).To(HaveExactElements(HaveField("Kind", "MeshIngress")))
		}

		By("it goes")
		web.Spec.ClassName, web.Status.ClassName = "traefik", "traefik"
		serves(ctx, v1alpha1.StrategyHeader)
		settle(ctx, class, younger)
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionRelayExposed)
	})

	It("does not wait for a MeshIngress that has no routes", func(ctx SpecContext) {
		web.Status.Inventory = nil
		expect.ExpectApplied(ctx, testEnv.Client, web)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(inject, "ingress"))
	})
})

// withoutMeshIngresses is a cache that does not hold them yet.
type withoutMeshIngresses struct{ client.Client }

func (c withoutMeshIngresses) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if _, ok := list.(*v1alpha1.MeshIngressList); ok {
		return nil
	}
	return c.Client.List(ctx, list, opts...)
}

// refusesMeshIngresses is an API server that must not be asked for them.
type refusesMeshIngresses struct{ client.Reader }

func (r refusesMeshIngresses) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if _, ok := list.(*v1alpha1.MeshIngressList); ok {
		return errors.New("MeshIngresses were asked for")
	}
	return r.Reader.List(ctx, list, opts...)
}
