// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// setHostNetwork changes whether the pods of a Deployment use the host's network.
func setHostNetwork(ctx SpecContext, ref v1alpha1.WorkloadReference, on bool) {
	GinkgoHelper()
	edit(ctx, deployment(ref), func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.HostNetwork = on
		for i := range d.Spec.Template.Spec.Containers {
			for j := range d.Spec.Template.Spec.Containers[i].Ports {
				d.Spec.Template.Spec.Containers[i].Ports[j].HostPort = 0
			}
		}
	})
}

// generatedProxy is the Deployment that Envoy Gateway makes for the Gateway of the fixture.
func generatedProxy(ctx SpecContext) v1alpha1.WorkloadReference {
	GinkgoHelper()
	var all appsv1.DeploymentList
	Expect(testEnv.Client.List(ctx, &all)).To(Succeed())
	for _, d := range all.Items {
		if d.Spec.Template.Labels["gateway.envoyproxy.io/owning-gateway-name"] == "public" {
			return v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: d.Namespace, Name: d.Name}
		}
	}
	Fail("the fixture has no data plane")
	return v1alpha1.WorkloadReference{}
}

var _ = DescribeTable("A class whose workload is blocked touches no setting of the controller either, until it is not",
	func(ctx SpecContext, fixture string, workload func(SpecContext) v1alpha1.WorkloadReference, class *v1alpha1.MeshIngressClass,
		put, takeAway func(SpecContext, v1alpha1.WorkloadReference),
	) {
		installLinkerd(ctx)
		install(ctx, fixture)
		w := workload(ctx)
		put(ctx, w)
		before := snapshot(ctx)
		Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
		operator.Writes.Reset()
		settle(ctx, class)
		expectSame(ctx, before)
		Expect(operator.Writes.Writes()).To(HaveEach(ContainSubstring("/meshingressclasses/" + class.Name)))
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked)
		Expect(latest(ctx, class).Status.Claims).To(BeEmpty())
		Expect(latest(ctx, class).Status.Inventory).To(BeEmpty())

		By("nothing is in the way")
		takeAway(ctx, w)
		free := snapshot(ctx)
		settle(ctx, class)
		written := latest(ctx, class).Status
		Expect(written.Claims).To(HaveLen(2), "the settings and the annotations")

		By("it is again: what is there stays as it is, together")
		put(ctx, w)
		operator.Writes.Reset()
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonInjectionBlocked)
		Expect(latest(ctx, class).Status.Claims).To(Equal(written.Claims))
		Expect(latest(ctx, class).Status.Inventory).To(Equal(written.Inventory))
		Expect(operator.Writes.Writes()).To(HaveEach(ContainSubstring("/meshingressclasses/" + class.Name)))
		takeAway(ctx, w)
		remove(ctx, class)
		expectSame(ctx, free)
	},
	Entry("ingress-nginx, which uses the host's network", fixtures.IngressNginx,
		func(SpecContext) v1alpha1.WorkloadReference { return nginxWorkload },
		builders.Class("nginx", v1alpha1.VendorIngressNginx, builders.WithRouting(v1alpha1.RoutingHeader), withConfigMapRef()),
		func(ctx SpecContext, w v1alpha1.WorkloadReference) { setHostNetwork(ctx, w, true) },
		func(ctx SpecContext, w v1alpha1.WorkloadReference) { setHostNetwork(ctx, w, false) }),
	Entry("Envoy Gateway, whose pods are to be left alone", fixtures.EnvoyGateway, generatedProxy,
		builders.Class("envoy", v1alpha1.VendorEnvoyGateway, forGateway),
		func(ctx SpecContext, w v1alpha1.WorkloadReference) {
			annotate(ctx, w, map[string]string{inject: "disabled"})
		},
		func(ctx SpecContext, w v1alpha1.WorkloadReference) { annotate(ctx, w, map[string]string{inject: ""}) }),
)

var _ = Describe("A class that finds no workload", func() {
	It("touches no setting of the controller", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
		before := snapshot(ctx)
		class := newClass(ctx, "nginx", v1alpha1.VendorIngressNginx, builders.WithRouting(v1alpha1.RoutingHeader), withConfigMapRef(),
			builders.WithWorkload("Deployment", "ingress-nginx", "gone"))
		settle(ctx, class)
		expectSame(ctx, before)
		Expect(latest(ctx, class).Status.Claims).To(BeEmpty())

		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Workloads = nil })
		settle(ctx, class)
		Expect(latest(ctx, controllerSettings()).Data).To(HaveKey("proxy-set-headers"))
	})
})

var _ = DescribeTable("The controller in a manager notices what is in the way, and that it goes",
	func(ctx SpecContext, o obstacle) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		o.put(ctx)
		startManager()
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		soonReady(ctx, class, v1alpha1.ReasonInjectionBlocked)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
		o.takeAway(ctx)
		soon(ctx, traefikWorkload, map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"})
		o.put(ctx)
		soonReady(ctx, class, v1alpha1.ReasonInjectionBlocked)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveLen(2))
	}, obstacles())
