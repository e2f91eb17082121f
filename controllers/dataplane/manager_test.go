// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/dataplane"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/controllers/internal/index"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/internal/watches"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// noticeTimeout is far above what a controller needs to notice an event and act.
const noticeTimeout = time.Minute

// startManager runs the controller as the operator does, for one spec.
func startManager() {
	GinkgoHelper()
	mgr, err := ctrl.NewManager(testEnv.Config, ctrl.Options{
		Scheme: testEnv.Scheme(), Metrics: server.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
		Client:     client.Options{Cache: &client.CacheOptions{Unstructured: true}},
	})
	Expect(err).NotTo(HaveOccurred())
	ofLinkerd, err := cache.New(testEnv.Config, cache.Options{
		Scheme: testEnv.Scheme(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.ConfigMap{}:                         {Namespaces: map[string]cache.Config{linkerd.DefaultNamespace: {}}},
			&admissionv1.MutatingWebhookConfiguration{}: {},
		},
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(mgr.Add(ofLinkerd)).To(Succeed())
	Expect(index.Register(context.Background(), mgr.GetFieldIndexer())).To(Succeed())
	kinds := watches.New(mgr.GetCache(), mgr.GetRESTMapper(), watches.NewRefusals())
	r := &dataplane.Reconciler{Reconciler: base.Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Registry: operator.Registry, Watches: kinds,
		Linkerd: observe.Linkerd{Reader: ofLinkerd, Namespace: linkerd.DefaultNamespace},
		Events:  operator.Events, Metrics: reconciler.Metrics,
	}, Clock: operator.Clock}
	Expect(r.Setup(mgr, kinds, ofLinkerd)).To(Succeed())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	DeferCleanup(func() {
		cancel()
		Eventually(done).WithTimeout(noticeTimeout).Should(Receive(BeNil()))
	})
}

// soon waits until the pod template of a workload has these annotations of Linkerd.
func soon(ctx SpecContext, ref v1alpha1.WorkloadReference, want map[string]string) {
	GinkgoHelper()
	Eventually(linkerdAnnotations).WithArguments(ctx, ref).WithTimeout(noticeTimeout).Should(Equal(want))
}

// soonReady waits until the reason of a class's condition Ready is this one.
func soonReady(ctx SpecContext, class *v1alpha1.MeshIngressClass, reason string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		current := class.DeepCopy()
		g.Expect(testEnv.Client.Get(ctx, client.ObjectKeyFromObject(class), current)).To(Succeed())
		ready := meta.FindStatusCondition(current.Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready).To(HaveValue(HaveField("Reason", reason)))
	}).WithTimeout(noticeTimeout).Should(Succeed())
}

var _ = Describe("The controller in a manager", func() {
	It("notices whatever concerns a class", func(ctx SpecContext) {
		install(ctx, fixtures.Traefik)
		startManager()
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		soonReady(ctx, class, v1alpha1.ReasonLinkerdNotFound)

		By("Linkerd's configuration and its webhook")
		installLinkerd(ctx)
		soon(ctx, traefikWorkload, map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"})

		By("pods, and the status of a workload")
		rollOut(ctx, traefikWorkload)
		soonReady(ctx, class, v1alpha1.ReasonReady)
		Expect(testEnv.Client.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace("traefik"), client.GracePeriodSeconds(0))).To(Succeed())
		soonReady(ctx, class, v1alpha1.ReasonRolloutInProgress)

		By("the pod template")
		annotate(ctx, traefikWorkload, map[string]string{skipPorts: ""})
		rollOut(ctx, traefikWorkload)
		soon(ctx, traefikWorkload, map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"})
		rollOut(ctx, traefikWorkload)

		By("a Service")
		edit(ctx, service("traefik", "traefik"), func(svc *corev1.Service) { svc.Spec.Ports = svc.Spec.Ports[:1] })
		soon(ctx, traefikWorkload, map[string]string{inject: "enabled", skipPorts: "4567,4568,8000"})

		By("a label of a Namespace")
		edit(ctx, builders.Namespace("traefik"), func(ns *corev1.Namespace) {
			ns.Labels[linkerd.AdmissionWebhooksLabel] = linkerd.AdmissionWebhooksDisabled
		})
		soonReady(ctx, class, v1alpha1.ReasonInjectionBlocked)
		edit(ctx, builders.Namespace("traefik"), func(ns *corev1.Namespace) { delete(ns.Labels, linkerd.AdmissionWebhooksLabel) })
		soonReady(ctx, class, v1alpha1.ReasonRolloutInProgress)
		rollOut(ctx, traefikWorkload)

		By("another class of the same workload, and that it goes")
		other := newClass(ctx, "younger", v1alpha1.VendorTraefik, builders.WithRouting(v1alpha1.RoutingHeader))
		soonReady(ctx, other, v1alpha1.ReasonFieldConflict)
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		soon(ctx, traefikWorkload, map[string]string{inject: "ingress", skipPorts: "4567,4568,8000"})

		By("a stranger's route of the vendor")
		theirs := strangersIngress("traefik", "younger")()
		Expect(testEnv.Client.Create(ctx, theirs)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(testEnv.Client.Get(ctx, client.ObjectKeyFromObject(other), other)).To(Succeed())
			g.Expect(other.Status.UncoveredRoutes).To(HaveLen(1))
		}).WithTimeout(noticeTimeout).Should(Succeed())

		By("the last class goes")
		expect.ExpectDeleted(ctx, testEnv.Client, other)
		soon(ctx, traefikWorkload, map[string]string{})
	})

	It("notices a workload that only a class's name for it makes a data plane", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Contour)
		startManager()
		control := v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "projectcontour", Name: "contour"}
		newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithWorkload("Deployment", "projectcontour", "contour"))
		soon(ctx, control, map[string]string{inject: "enabled"})
		annotate(ctx, control, map[string]string{inject: ""})
		soon(ctx, control, map[string]string{inject: "enabled"})
	})
})

var _ = Describe("A reconcile whose cache is behind", func() {
	It("comes again by itself, because nothing will tell it", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		Expect(reconcileOnce(ctx, class)).To(HaveField("RequeueAfter", BeZero()))

		By("it still sees the class as it was before its own last write")
		behind := dataplaneWith(func(
			ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, o ...client.GetOption,
		) error {
			if old, ok := obj.(*v1alpha1.MeshIngressClass); ok {
				class.DeepCopyInto(old)
				return nil
			}
			return c.Get(ctx, key, obj, o...)
		})
		result, err := controllertest.Reconcile(ctx, behind, class)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).NotTo(BeZero())
	})

	It("does not take a workload that is gone for an error", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		gone := object(ctx, traefikWorkload)
		behind := dataplaneWith(func(
			ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, o ...client.GetOption,
		) error {
			if key.Name == gone.GetName() && key.Namespace == gone.GetNamespace() {
				Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, gone))).To(Succeed())
			}
			return c.Get(ctx, key, obj, o...)
		})
		_, err := controllertest.Reconcile(ctx, behind, class)
		Expect(err).NotTo(HaveOccurred())
		expect.ExpectNotFound(ctx, testEnv.Client, deployment(traefikWorkload))
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonWorkloadNotFound)
	})
})

// dataplaneWith is the reconciler with another way to get one object.
func dataplaneWith(
	get func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error,
) *dataplane.Reconciler {
	r := operator.DataPlane()
	r.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{Get: get})
	return r
}

// dataplaneThatLists is the reconciler with lists that are changed before it sees them.
func dataplaneThatLists(change func(client.ObjectList)) *dataplane.Reconciler {
	r := operator.DataPlane()
	r.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, o ...client.ListOption) error {
			err := c.List(ctx, list, o...)
			change(list)
			return err
		},
	})
	return r
}
