// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
)

// stored is a class that the platform team has made.
func stored(ctx context.Context, class *v1alpha1.MeshIngressClass) *v1alpha1.MeshIngressClass {
	GinkgoHelper()
	Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, class))).To(Succeed())
	})
	return class.DeepCopy()
}

// update changes a stored class as a user.
func update(ctx context.Context, u *user, class *v1alpha1.MeshIngressClass, change option) error {
	changed := class.DeepCopy()
	change(changed)
	return u.Update(ctx, changed, client.DryRunAll)
}

// theirs is a class of two workloads of the platform team.
func theirs(options ...option) *v1alpha1.MeshIngressClass {
	return found(v1alpha1.VendorTraefik, append([]option{
		builders.WithWorkload("Deployment", "platform", "ingress"), builders.WithWorkload("DaemonSet", "platform", "ingress"),
	}, options...)...)
}

var _ = Describe("Who may write classes, but no workload", func() {
	var lesser *user
	BeforeEach(func(ctx SpecContext) { lesser = newUser(ctx) })

	DescribeTable("may", func(ctx SpecContext, class *v1alpha1.MeshIngressClass, change option) {
		Expect(update(ctx, lesser, stored(ctx, class), change)).To(Succeed())
	},
		Entry("change what is no part of the spec", theirs(), func(class *v1alpha1.MeshIngressClass) {
			class.Labels = map[string]string{"team": "platform"}
			builders.AsDefault()(class)
		}),
		Entry("set a finalizer", theirs(), func(class *v1alpha1.MeshIngressClass) {
			class.Finalizers = append(class.Finalizers, v1alpha1.Finalizer)
		}),
		Entry("say whose MeshIngresses a class is for", theirs(),
			builders.WithAllowedNamespaces(map[string]string{"a": "b"})),
		Entry("say so where workloads are found", found(v1alpha1.VendorEnvoyGateway, gateway),
			builders.WithAllowedNamespaces(map[string]string{"a": "b"})),
		Entry("take a workload out", theirs(), func(class *v1alpha1.MeshIngressClass) {
			class.Spec.DataPlane.Workloads = class.Spec.DataPlane.Workloads[1:]
		}),
		Entry("put workloads into another order", theirs(), func(class *v1alpha1.MeshIngressClass) {
			of := class.Spec.DataPlane.Workloads
			of[0], of[1] = of[1], of[0]
		}),
		Entry("stop what is done to them", theirs(), builders.WithInjection(v1alpha1.InjectionIgnore)),
		Entry("stop what is done to those that are found", found(v1alpha1.VendorEnvoyGateway, gateway),
			builders.WithInjection(v1alpha1.InjectionAudit)),
		Entry("change what is not done", theirs(builders.WithInjection(v1alpha1.InjectionIgnore)),
			builders.WithRouting(v1alpha1.RoutingHeader)),
	)

	DescribeTable("may not", func(ctx SpecContext, class *v1alpha1.MeshIngressClass, change option, field string) {
		Expect(update(ctx, lesser, stored(ctx, class), change)).To(BeRefused(field))
	},
		Entry("change the strategy", theirs(), builders.WithRouting(v1alpha1.RoutingHeader), fieldWorkload),
		Entry("change the ports", theirs(), builders.WithClientIP(v1alpha1.ClientIPIgnore), fieldWorkload),
		Entry("begin what was not done", theirs(builders.WithInjection(v1alpha1.InjectionAudit)),
			builders.WithInjection(v1alpha1.InjectionEnforce), fieldWorkload),
		Entry("have pods restarted", theirs(), func(class *v1alpha1.MeshIngressClass) {
			class.Spec.DataPlane.Repair = v1alpha1.RepairRestart
		}, fieldWorkload),
		Entry("take fields over", theirs(), func(class *v1alpha1.MeshIngressClass) {
			class.Spec.DataPlane.ConflictPolicy = v1alpha1.ConflictPolicyOverride
		}, fieldWorkload),
		Entry("name another workload", theirs(),
			builders.WithWorkload("StatefulSet", "platform", "ingress"), "spec.dataPlane.workloads[2]"),
		Entry("leave workloads to be found", theirs(), func(class *v1alpha1.MeshIngressClass) {
			class.Spec.DataPlane.Workloads = nil
		}, fieldFound),
		Entry("name a Service", theirs(builders.WithInjection(v1alpha1.InjectionIgnore)),
			builders.WithServiceRef("platform", "ingress"), "spec.dataPlane.serviceRef"),
		Entry("name another Gateway",
			found(v1alpha1.VendorGatewayAPI, gateway, builders.WithInjection(v1alpha1.InjectionIgnore)),
			func(class *v1alpha1.MeshIngressClass) { class.Spec.GatewayRef.Name = "other" }, fieldGateway),
		Entry("name a ConfigMap", named(v1alpha1.VendorIngressNginx, builders.WithInjection(v1alpha1.InjectionIgnore)),
			configMap, "spec.ingressNginx.configMapRef"),
		Entry("name Settings", named(v1alpha1.VendorGloo, builders.WithInjection(v1alpha1.InjectionIgnore)),
			settings(v1alpha1.GlooTransformation), "spec.gloo.settingsRef"),
	)

	It("may apply a class again as it is", func(ctx SpecContext) {
		class := theirs()
		apply := func(c client.Client) error {
			return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(asUnstructured(class)), client.FieldOwner("gitops"))
		}
		Expect(apply(testEnv.Client)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(testEnv.Client.Delete(ctx, class)).To(Succeed()) })
		Expect(apply(lesser)).To(Succeed())
	})

	It("may delete a class", func(ctx SpecContext) {
		Expect(lesser.Delete(ctx, stored(ctx, theirs()))).To(Succeed())
	})

	It("may let go of a class that is being deleted", func(ctx SpecContext) {
		class := theirs()
		class.Finalizers = []string{v1alpha1.Finalizer}
		class = stored(ctx, class)
		Expect(lesser.Delete(ctx, class)).To(Succeed())
		before := class.DeepCopy()
		class.Finalizers = nil
		Expect(lesser.Patch(ctx, class, client.MergeFrom(before))).To(Succeed())
		Expect(client.IgnoreNotFound(testEnv.Client.Get(ctx, client.ObjectKeyFromObject(class), class))).To(Succeed())
	})

	It("may add a workload that is theirs beside one that is not", func(ctx SpecContext) {
		owner := newUser(ctx, patchDeployment)
		class := stored(ctx, theirs())
		Expect(update(ctx, owner, class, builders.WithWorkload("Deployment", "team", "ingress"))).To(Succeed())
	})
})
