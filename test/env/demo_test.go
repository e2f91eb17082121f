// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
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
			g.Expect(podsOf(ctx, traefik, linkerd.InjectIngress)).To(Equal(injection.Observation{Pods: 1, Meshed: 1, Ingress: 1}))
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
})
