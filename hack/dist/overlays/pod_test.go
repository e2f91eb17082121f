// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

var _ = Describe("The manager's pods", func() {
	for _, name := range installations() {
		It("may do no more than they need: "+name, func() {
			spec := podOf(build(name), namespace).Spec
			Expect(spec.HostNetwork || spec.HostPID || spec.HostIPC).To(BeFalse())
			Expect(spec.Volumes).To(BeEmpty())
			for _, c := range spec.Containers {
				Expect(c.SecurityContext.ReadOnlyRootFilesystem).To(HaveValue(BeTrue()))
				Expect(c.SecurityContext.AllowPrivilegeEscalation).To(HaveValue(BeFalse()))
				Expect(c.SecurityContext.Capabilities.Drop).To(ConsistOf(corev1.Capability("ALL")))
				Expect(c.Resources.Requests).To(And(HaveKey(corev1.ResourceCPU), HaveKey(corev1.ResourceMemory)))
			}
		})

		It("are more than one, of which one works, apart from each other: "+name, func() {
			deployment := &appsv1.Deployment{}
			convert(one(build(name), "Deployment", manager), deployment)
			Expect(deployment.Spec.Replicas).To(HaveValue(BeNumerically(">=", 2)))
			Expect(deployment.Spec.Template.Spec.Containers[0].Args).To(ContainElement("--leader-elect"))
			Expect(deployment.Spec.Template.Spec.TopologySpreadConstraints).NotTo(BeEmpty())
		})

		It("are those that the other objects mean: "+name, func() {
			objects := build(name)
			pod := labels.Set(podOf(objects, namespace).Labels)

			budget := &policyv1.PodDisruptionBudget{}
			convert(one(objects, "PodDisruptionBudget", manager), budget)
			expectSelects(budget.Spec.Selector, pod)

			network := &networkingv1.NetworkPolicy{}
			convert(one(objects, "NetworkPolicy", manager), network)
			expectSelects(&network.Spec.PodSelector, pod)

			service := &corev1.Service{}
			convert(one(objects, "Service", manager+"-metrics"), service)
			Expect(labels.SelectorFromSet(service.Spec.Selector).Matches(pod)).To(BeTrue())
		})
	}

	It("are scraped by their Service, in the installation with Prometheus", func() {
		objects := build("overlays/prometheus")
		service := one(objects, "Service", manager+"-metrics")
		monitor := struct {
			Spec struct {
				Selector  metav1.LabelSelector `json:"selector"`
				Endpoints []struct {
					Port string `json:"port"`
				} `json:"endpoints"`
			} `json:"spec"`
		}{}
		convert(one(objects, "ServiceMonitor", manager), &monitor)
		expectSelects(&monitor.Spec.Selector, service.GetLabels())
		Expect(monitor.Spec.Endpoints).To(HaveLen(1))
		ports := &corev1.Service{}
		convert(service, ports)
		Expect(ports.Spec.Ports[0].Name).To(Equal(monitor.Spec.Endpoints[0].Port))
	})

	It("connect to nothing, and are connected to by nothing, unless a policy says so, in the restricted installation", func() {
		deny := &networkingv1.NetworkPolicy{}
		objects := build("overlays/restricted")
		convert(one(objects, "NetworkPolicy", "default-deny"), deny)
		expectSelects(&deny.Spec.PodSelector, labels.Set{"any": "pod"})
		Expect(deny.Spec.PolicyTypes).To(ConsistOf(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress))
		Expect(deny.Spec.Ingress).To(BeEmpty())
		Expect(deny.Spec.Egress).To(BeEmpty())

		apiServer := &networkingv1.NetworkPolicy{}
		convert(one(objects, "NetworkPolicy", manager+"-api-server"), apiServer)
		expectSelects(&apiServer.Spec.PodSelector, podOf(objects, namespace).Labels)
		Expect(apiServer.Spec.PolicyTypes).To(ConsistOf(networkingv1.PolicyTypeEgress))
		Expect(apiServer.Spec.Egress).To(HaveLen(1))
		Expect(apiServer.Spec.Egress[0].Ports).NotTo(BeEmpty())
	})
})

func expectSelects(selector *metav1.LabelSelector, set labels.Set) {
	GinkgoHelper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	Expect(err).NotTo(HaveOccurred())
	Expect(s.Matches(set)).To(BeTrue(), "%s does not select %s", s, set)
}
