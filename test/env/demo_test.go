// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env_test

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// rolloutTimeout is far above the second that a rollout takes on an idle machine.
const rolloutTimeout = time.Minute

var _ = Describe("The control plane with controllers, kwok and the injector", Label("demo"), Ordered, func() {
	var demo *env.Environment

	BeforeAll(func(ctx SpecContext) {
		var err error
		demo, err = env.Start(ctx, env.WithControllerManager(), env.WithKwok(), env.WithInjector())
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() error { return demo.Stop() })
	})

	podsOf := func(ctx SpecContext, key client.ObjectKey, mode string) injection.Observation {
		GinkgoHelper()
		deployment := &appsv1.Deployment{}
		Expect(demo.Client.Get(ctx, key, deployment)).To(Succeed())
		var list corev1.PodList
		Expect(demo.Client.List(ctx, &list, client.InNamespace(key.Namespace))).To(Succeed())
		var pods []*corev1.Pod
		for i := range list.Items {
			pods = append(pods, &list.Items[i])
		}
		return injection.FromDeployment(deployment).Observe(pods, mode)
	}

	It("runs the pods of a Deployment, and meshes them when its template asks for it", func(ctx SpecContext) {
		traefik := client.ObjectKey{Namespace: "traefik", Name: "traefik"}
		objects, err := fixtures.Objects(fixtures.Traefik)
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			expect.ExpectApplied(ctx, demo.Client, object)
		}
		Eventually(func(g Gomega) {
			o := podsOf(ctx, traefik, linkerd.InjectIngress)
			g.Expect(o.Pods).To(BeEquivalentTo(1))
			g.Expect(o.Meshed).To(BeZero())
		}).WithTimeout(rolloutTimeout).Should(Succeed())

		deployment := &appsv1.Deployment{}
		Expect(demo.Client.Get(ctx, traefik, deployment)).To(Succeed())
		before := deployment.DeepCopy()
		deployment.Spec.Template.Annotations[linkerd.InjectAnnotation] = linkerd.InjectIngress
		Expect(demo.Client.Patch(ctx, deployment, client.MergeFrom(before))).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(podsOf(ctx, traefik, linkerd.InjectIngress)).To(Equal(injection.Observation{Pods: 1, Meshed: 1, Ingress: 1, Accounts: []string{"traefik"}}))
		}).WithTimeout(rolloutTimeout).Should(Succeed())
	})

	It("runs the pod of a DaemonSet, and empties a Namespace that is deleted", func(ctx SpecContext) {
		objects, err := fixtures.Objects(fixtures.Contour)
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			expect.ExpectApplied(ctx, demo.Client, object)
		}
		Eventually(func(g Gomega) {
			daemonSet := &appsv1.DaemonSet{}
			g.Expect(demo.Client.Get(ctx, client.ObjectKey{Namespace: "projectcontour", Name: "envoy"}, daemonSet)).To(Succeed())
			g.Expect(daemonSet.Status.NumberAvailable).To(BeEquivalentTo(1))
		}).WithTimeout(rolloutTimeout).Should(Succeed())

		namespace := builders.Namespace("projectcontour")
		expect.ExpectDeleted(ctx, demo.Client, namespace)
		Eventually(func(g Gomega) {
			err := demo.Client.Get(ctx, client.ObjectKeyFromObject(namespace), namespace)
			g.Expect(client.IgnoreNotFound(err)).To(Succeed())
			g.Expect(err).To(HaveOccurred())
		}).WithTimeout(rolloutTimeout).Should(Succeed())
	})

	It("makes the manager's role the sum of its parts, as AggregateRole does without controllers", func(ctx SpecContext) {
		rules := func(e *env.Environment) []rbacv1.PolicyRule {
			GinkgoHelper()
			Expect(e.InstallRBAC(ctx)).To(Succeed())
			role := &rbacv1.ClusterRole{}
			Expect(e.Client.Get(ctx, client.ObjectKey{Name: permissions.ManagerRole}, role)).To(Succeed())
			return role.Rules
		}
		real := rules(demo)
		Expect(rules(testEnv)).To(Equal(real))
		Expect(real).To(ConsistOf(expect.Distinct(everyPermission())))
	})

	It("takes a vendor out of the manager's role with the vendor's own", func(ctx SpecContext) {
		Expect(demo.InstallRBAC(ctx)).To(Succeed())
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: permissions.VendorRole(v1alpha1.VendorContour)}}
		expect.ExpectDeleted(ctx, demo.Client, role)
		Eventually(func(g Gomega) {
			sum := &rbacv1.ClusterRole{}
			g.Expect(demo.Client.Get(ctx, client.ObjectKey{Name: permissions.ManagerRole}, sum)).To(Succeed())
			g.Expect(sum.Rules).NotTo(BeEmpty())
			for _, r := range sum.Rules {
				g.Expect(r.Resources).NotTo(ContainElement("httpproxies"))
			}
		}).WithTimeout(rolloutTimeout).Should(Succeed())
	})

	It("keeps the rules of the manager's role when its manifest is applied again", func(ctx SpecContext) {
		Expect(demo.InstallRBAC(ctx)).To(Succeed())
		key := client.ObjectKey{Name: permissions.ManagerRole}
		before, after := &rbacv1.ClusterRole{}, &rbacv1.ClusterRole{}
		Expect(demo.Client.Get(ctx, key, before)).To(Succeed())
		Expect(demo.InstallRBAC(ctx)).To(Succeed())
		Expect(demo.Client.Get(ctx, key, after)).To(Succeed())
		Expect(after.ResourceVersion).To(Equal(before.ResourceVersion))
	})
})

// everyPermission is what the parts of the manager's role hold, opt-ins included.
func everyPermission() []rbacv1.PolicyRule {
	GinkgoHelper()
	descriptions, err := all.Describe()
	Expect(err).NotTo(HaveOccurred())
	rules := slices.Concat(permissions.Base().All(), permissions.Authorization().All())
	for _, d := range descriptions {
		rules = append(rules, slices.Concat(permissions.Vendor(d).All(), permissions.OptIn(d).All())...)
	}
	return rules
}
