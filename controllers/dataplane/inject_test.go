// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

type vendorCase struct {
	vendor   v1alpha1.Vendor
	fixture  string
	options  []builders.ClassOption
	workload v1alpha1.WorkloadReference
	account  string
	strategy v1alpha1.Strategy
	version  string
	unmeshed string
	want     map[string]string
	notices  int
}

var _ = DescribeTable("A class of a vendor as its makers publish it",
	func(ctx SpecContext, v vendorCase) {
		installLinkerd(ctx)
		install(ctx, v.fixture)
		before, generationBefore := snapshot(ctx), generation(ctx, v.workload)
		class := newClass(ctx, "public", v.vendor, v.options...)

		By("the class is recorded, the workload written once, and the status said")
		_, err := reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		self := "/apis/networking.meshingress.dev/v1alpha1/meshingressclasses/public"
		Expect(operator.Writes.Writes()).To(Equal([]string{
			"PATCH " + self, "PATCH " + self + "/status", "PATCH " + pathOf(v.workload), "PATCH " + self + "/status",
		}))
		Expect(linkerdAnnotations(ctx, v.workload)).To(Equal(v.want))
		Expect(generation(ctx, v.workload)).To(Equal(generationBefore + 1))
		expectUnmeshed(ctx, class, v.unmeshed)

		By("nothing else in the cluster has changed")
		after := snapshot(ctx)
		o := after[v.workload.Kind+".apps "+v.workload.Namespace+"/"+v.workload.Name]
		forget(o, v.want)
		expectNoDiff(before, after)

		By("a second reconcile writes nothing")
		operator.Writes.Reset()
		_, err = reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		Expect(operator.Writes.Writes()).To(BeEmpty())

		By("its pods come up with their proxy")
		rollOut(ctx, v.workload)
		settle(ctx, class)
		expectReady(ctx, class)
		status := latest(ctx, class).Status
		Expect(status.ObservedGeneration).To(Equal(latest(ctx, class).Generation))
		Expect(status.Strategy).To(Equal(v.strategy))
		Expect(status.StrategyReason).NotTo(BeEmpty())
		Expect(status.VendorVersion).To(Equal(v.version))
		Expect(status.Linkerd).To(Equal(&v1alpha1.LinkerdStatus{
			Version: "edge-26.8.3", ClusterDomain: "cluster.local", Namespace: "linkerd",
		}))
		Expect(status.MeshedPods).To(Equal("1/1"))
		found := v1alpha1.WorkloadStatus{
			WorkloadReference: v.workload, Fields: v.want, ServiceAccountName: v.account, Pods: 1, MeshedPods: 1,
		}
		if v.strategy == v1alpha1.StrategyHeader {
			found.IngressModePods = 1
		}
		Expect(status.Workloads).To(Equal([]v1alpha1.WorkloadStatus{found}))
		Expect(status.Notices).To(HaveLen(v.notices))
		Expect(status.Inventory).To(BeEmpty())
		Expect(operator.Events.Events()).To(HaveLen(2+v.notices+len(status.Hazards)),
			"one for each change of the summary, each notice and each hazard")
		Expect(operator.Metric("meshingress_data_plane_meshed_pods", "public")).To(BeEquivalentTo(1))
		Expect(operator.Metric("meshingress_drift_corrections_total", v.workload.Kind)).To(BeZero())

		By("the class is deleted, and all is as it was")
		removePods(ctx, v.workload)
		forgetStatus(ctx, v.workload)
		operator.Writes.Reset()
		remove(ctx, class)
		Expect(operator.Writes.Writes()).To(Equal([]string{"PATCH " + pathOf(v.workload), "PATCH " + self}))
		Expect(generation(ctx, v.workload)).To(Equal(generationBefore + 2))
		expectSame(ctx, before)
	},
	Entry("ingress-nginx", vendorCase{
		vendor: v1alpha1.VendorIngressNginx, fixture: fixtures.IngressNginx, workload: nginxWorkload, account: "ingress-nginx",
		strategy: v1alpha1.StrategyClusterIP, version: "v1.15.1", unmeshed: v1alpha1.ReasonRolloutInProgress, notices: 1,
		want: map[string]string{inject: "enabled", skipPorts: "80,443,4567,4568"},
	}),
	Entry("Traefik", vendorCase{
		vendor: v1alpha1.VendorTraefik, fixture: fixtures.Traefik, workload: traefikWorkload, account: "traefik",
		strategy: v1alpha1.StrategyClusterIP, version: "v3.7.11", unmeshed: v1alpha1.ReasonRolloutInProgress,
		want: map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"},
	}),
	Entry("Traefik with header routing", vendorCase{
		vendor: v1alpha1.VendorTraefik, fixture: fixtures.Traefik, workload: traefikWorkload, account: "traefik",
		options:  []builders.ClassOption{builders.WithRouting(v1alpha1.RoutingHeader)},
		strategy: v1alpha1.StrategyHeader, version: "v3.7.11", unmeshed: v1alpha1.ReasonRolloutInProgress,
		want: map[string]string{inject: "ingress", skipPorts: "4567,4568,8000,8443"},
	}),
	Entry("Contour", vendorCase{
		vendor: v1alpha1.VendorContour, fixture: fixtures.Contour, workload: contourWorkload, account: "envoy",
		strategy: v1alpha1.StrategyHeader, version: "distroless-v1.38.9", unmeshed: v1alpha1.ReasonNoPods,
		want: contourAnnotations,
	}),
)

// forget takes annotations and their owner off a workload of a snapshot.
func forget(o *unstructured.Unstructured, annotations map[string]string) {
	GinkgoHelper()
	var others []metav1.ManagedFieldsEntry
	for _, e := range o.GetManagedFields() {
		if e.Manager != "meshingress:workloads" {
			others = append(others, e)
		}
	}
	o.SetManagedFields(others)
	path := []string{"spec", "template", "metadata", "annotations"}
	all, _, err := unstructured.NestedStringMap(o.Object, path...)
	Expect(err).NotTo(HaveOccurred())
	for k := range annotations {
		delete(all, k)
	}
	unstructured.RemoveNestedField(o.Object, path...)
	if len(all) > 0 {
		Expect(unstructured.SetNestedStringMap(o.Object, all, path...)).To(Succeed())
	}
}

func removePods(ctx SpecContext, ref v1alpha1.WorkloadReference) {
	GinkgoHelper()
	Expect(testEnv.Client.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(ref.Namespace), client.GracePeriodSeconds(0))).To(Succeed())
}

// forgetStatus gives a workload the status of one that was never rolled out.
func forgetStatus(ctx SpecContext, ref v1alpha1.WorkloadReference) {
	GinkgoHelper()
	o := object(ctx, ref)
	o.Object["status"] = map[string]any{}
	if ref.Kind == "DaemonSet" {
		zero := int64(0)
		o.Object["status"] = map[string]any{
			"currentNumberScheduled": zero, "desiredNumberScheduled": zero, "numberMisscheduled": zero, "numberReady": zero,
		}
	}
	Expect(testEnv.Client.Status().Update(ctx, o)).To(Succeed())
	o.SetManagedFields(slices.DeleteFunc(o.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return e.Subresource == "status"
	}))
	Expect(testEnv.Client.Update(ctx, o)).To(Succeed())
}

var _ = Describe("The annotations of a workload", func() {
	var class *v1alpha1.MeshIngressClass

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		class = newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
		operator.Writes.Reset()
	})

	It("come back where a user removed one, and that is counted", func(ctx SpecContext) {
		annotate(ctx, traefikWorkload, map[string]string{inject: ""})
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}))
		Expect(workloadWrites()).To(HaveLen(1))
		Expect(operator.Metric("meshingress_drift_corrections_total", "Deployment")).To(BeEquivalentTo(1))
	})

	It("are not fought over where a user set another value", func(ctx SpecContext) {
		annotate(ctx, traefikWorkload, map[string]string{inject: "disabled"})
		after := generation(ctx, traefikWorkload)
		result := settle(ctx, class)
		Expect(result.RequeueAfter).To(BeNumerically(">=", 60e9), "it is not tried again soon")
		expectUnmeshed(ctx, class, v1alpha1.ReasonFieldConflict,
			"Deployment traefik/traefik", ".spec.template.metadata.annotations.linkerd.io/inject", `"kubectl-edit"`)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted, metav1.ConditionTrue, v1alpha1.ReasonFieldConflict)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "disabled"}), "the rest is of no use")
		Expect(generation(ctx, traefikWorkload)).To(Equal(after + 1))
		Expect(operator.Metric("meshingress_conflicts_total", "Deployment")).NotTo(BeZero())
		Expect(latest(ctx, class).Status.Workloads[0].Message).To(ContainSubstring("kubectl-edit"))

		By("the user takes it off again")
		annotate(ctx, traefikWorkload, map[string]string{inject: ""})
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectReady(ctx, class)
	})

	It("follow the ports of the Service, with one rollout", func(ctx SpecContext) {
		before := generation(ctx, traefikWorkload)
		edit(ctx, service("traefik", "traefik"), func(svc *corev1.Service) {
			svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{Name: "admin", Port: 9000, Protocol: corev1.ProtocolTCP})
		})
		_, err := reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKeyWithValue(skipPorts, "4567,4568,8000,8443,9000"))
		Expect(generation(ctx, traefikWorkload)).To(Equal(before + 1))
	})

	It("stay where discovery fails later", func(ctx SpecContext) {
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.DataPlane.ServiceRef = &v1alpha1.ObjectKey{Namespace: "traefik", Name: "traefik"}
		})
		settle(ctx, class)
		expectReady(ctx, class)
		Expect(testEnv.Client.Delete(ctx, service("traefik", "traefik"))).To(Succeed())
		operator.Writes.Reset()
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, metav1.ConditionFalse, v1alpha1.ReasonServiceNotFound)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonServiceNotFound)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}))
		Expect(workloadWrites()).To(BeEmpty())

		By("and are released all the same when the class goes")
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})

	It("move with the class to another workload, and leave the first", func(ctx SpecContext) {
		install(ctx, fixtures.Contour)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.DataPlane.Workloads = []v1alpha1.WorkloadReference{contourWorkload}
		})
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
		Expect(linkerdAnnotations(ctx, contourWorkload)).To(HaveKeyWithValue(inject, "enabled"))
		Expect(latest(ctx, class).Status.Claims).To(HaveLen(1))
	})

	It("come to a workload that was made anew", func(ctx SpecContext) {
		recreate(ctx, traefikWorkload, fixtures.Traefik)
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8000,8443"}))
		Expect(latest(ctx, class).Status.Claims).To(HaveExactElements(HaveField("UID", string(get(ctx, traefikWorkload).UID))))
		remove(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})

	DescribeTable("are taken off where the class is told to leave the workload alone",
		func(ctx SpecContext, injection v1alpha1.Injection) {
			before := generation(ctx, traefikWorkload)
			change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = injection })
			settle(ctx, class)
			Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
			Expect(generation(ctx, traefikWorkload)).To(Equal(before + 1))
			Expect(latest(ctx, class).Status.Claims).To(BeEmpty())
		},
		Entry("Audit", v1alpha1.InjectionAudit),
		Entry("Ignore", v1alpha1.InjectionIgnore),
	)

	It("are taken off where the class is told so, though Linkerd has left", func(ctx SpecContext) {
		cleanLinkerd(ctx)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = v1alpha1.InjectionIgnore })
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})

	It("change with the routing, in one rollout", func(ctx SpecContext) {
		before := generation(ctx, traefikWorkload)
		change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.Routing = v1alpha1.RoutingHeader })
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "ingress", skipPorts: "4567,4568,8000,8443"}))
		Expect(generation(ctx, traefikWorkload)).To(Equal(before + 1))
		expectUnmeshed(ctx, class, v1alpha1.ReasonRolloutInProgress)

		By("pods in the old mode are not meshed")
		sayRolledOut(ctx, traefikWorkload, 1)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonNotInjected, "pod-1")
	})
})

var _ = Describe("What a class can be told about its workload", func() {
	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
	})

	It("only observes where it is to ignore it", func(ctx SpecContext) {
		before := snapshot(ctx)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithInjection(v1alpha1.InjectionIgnore))
		settle(ctx, class)
		expectSame(ctx, before)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonIgnored, "spec.dataPlane.injection", "pod-1")
		Expect(latest(ctx, class).Status.Workloads[0].Fields).To(BeEmpty())

		By("telling what somebody else has meshed")
		annotate(ctx, traefikWorkload, map[string]string{inject: "enabled"})
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		expectReady(ctx, class)

		By("giving the same reason where nothing can be found, or be injected")
		cleanLinkerd(ctx)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonIgnored, "Linkerd is not installed")
		Expect(testEnv.Client.Delete(ctx, object(ctx, traefikWorkload))).To(Succeed())
		settle(ctx, class)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, metav1.ConditionFalse, v1alpha1.ReasonWorkloadNotFound)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionMeshed, metav1.ConditionUnknown, v1alpha1.ReasonIgnored)
	})

	It("leaves the ports to the proxy where client addresses do not matter", func(ctx SpecContext) {
		settle(ctx, newClass(ctx, "traefik", v1alpha1.VendorTraefik, builders.WithClientIP(v1alpha1.ClientIPIgnore)))
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(map[string]string{inject: "enabled"}))
	})

	It("takes the workloads and the Service that it names", func(ctx SpecContext) {
		install(ctx, fixtures.IngressNginx)
		settle(ctx, newClass(ctx, "traefik", v1alpha1.VendorTraefik,
			builders.WithWorkload("Deployment", "traefik", "traefik"),
			builders.WithWorkload("Deployment", "ingress-nginx", "ingress-nginx-controller"),
			builders.WithServiceRef("ingress-nginx", "ingress-nginx-controller-admission")))
		// The name of the targetPort is that of a port of one of the two only.
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
		class := builders.Class("traefik", v1alpha1.VendorTraefik)
		expect.ExpectCondition(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, metav1.ConditionFalse, v1alpha1.ReasonPortUnresolved)
		expect.ExpectConditionMessage(ctx, testEnv.Client, class, v1alpha1.ConditionDiscovered, "webhook", "traefik/traefik")

		change(ctx, class, func(c *v1alpha1.MeshIngressClass) {
			c.Spec.DataPlane.Workloads = c.Spec.DataPlane.Workloads[1:]
		})
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, nginxWorkload)).To(Equal(map[string]string{inject: "enabled", skipPorts: "4567,4568,8443"}))
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(BeEmpty())
	})
})

func service(namespace, name string) *corev1.Service { return builders.Service(namespace, name) }

func deployment(ref v1alpha1.WorkloadReference) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: ref.Namespace, Name: ref.Name}}
}

// cleanLinkerd uninstalls Linkerd.
func cleanLinkerd(ctx SpecContext) {
	GinkgoHelper()
	for _, name := range []string{fixtures.Linkerd, fixtures.LinkerdInjector} {
		objects, err := fixtures.Objects(name)
		Expect(err).NotTo(HaveOccurred())
		for _, o := range objects {
			if o.GetKind() != "Namespace" {
				Expect(testEnv.Client.Delete(ctx, o)).To(Succeed())
			}
		}
	}
}
