// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/metrics"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("The operator's metrics", func() {
	It("count routes, pods, corrections and conflicts", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik, fixtures.Contour)
		namespace := createNamespace(ctx, "emojivoto-", nil)
		op := start(ctx)
		value := func(name string, labels ...string) float64 {
			GinkgoHelper()
			return metric(op.Metrics, "meshingress_"+name, pairs(labels))
		}
		traefikClass, contourClass := traefik().class(), contour().class()
		two := web(namespace, traefikClass, builders.WithRule("other.example.com", "/", "web-svc", 80))
		one := builders.MeshIngress("one", namespace, builders.WithClass(contourClass.Name),
			builders.WithRule("one.example.com", "/", "web-svc", 80))
		expect.ExpectApplied(ctx, user, traefikClass, contourClass, two, one)
		isProgrammed(ctx, two)
		isProgrammed(ctx, one)
		rests(ctx, op)
		Expect(value("routes", "class", "traefik", "strategy", "ClusterIP")).To(BeEquivalentTo(2))
		Expect(value("routes", "class", "contour", "strategy", "Header")).To(BeEquivalentTo(1))
		Expect(value("drift_corrections_total")).To(BeZero())
		Expect(value("conflicts_total")).To(BeZero())

		becomes(ctx, traefikClass, v1alpha1.ConditionDiscovered, "True Discovered")
		createPod(ctx, traefikDeployment())
		setRolledOut(ctx, traefikDeployment())
		becomes(ctx, traefikClass, v1alpha1.ConditionMeshed, "True Meshed")
		eventually(ctx, value).WithArguments("data_plane_pods", "class", "traefik").Should(BeEquivalentTo(1))
		eventually(ctx, value).WithArguments("data_plane_meshed_pods", "class", "traefik").Should(BeEquivalentTo(1))

		By("correcting drift of an object and of a workload")
		generated, err := route(ctx, two, "IngressRoute")
		Expect(err).NotTo(HaveOccurred())
		expect.ExpectDeleted(ctx, user, generated)
		eventually(ctx, value).WithArguments("drift_corrections_total", "kind", "IngressRoute").Should(BeEquivalentTo(1))
		patch(ctx, traefikDeployment(), `{"spec":{"template":{"metadata":{"annotations":{"linkerd.io/inject":null}}}}}`)
		setRolledOut(ctx, traefikDeployment())
		eventually(ctx, value).WithArguments("drift_corrections_total", "kind", "Deployment").Should(BeEquivalentTo(1))

		By("meeting a stranger's object")
		taken := builders.MeshIngress("taken", namespace, builders.WithClass(traefikClass.Name),
			builders.WithRule("taken.example.com", "/", "web-svc", 80))
		create(ctx, strangersIngressRoute(taken, traefikClass))
		expect.ExpectApplied(ctx, user, taken)
		becomes(ctx, taken, v1alpha1.ConditionProgrammed, "False ObjectConflict")
		eventually(ctx, value).WithArguments("conflicts_total", "kind", "IngressRoute").Should(BeNumerically(">=", 1))
		eventually(ctx, value).WithArguments("condition", "name", "taken", "resource_namespace", namespace,
			"type", "Conflicted", "status", "True", "reason", "ObjectConflict").Should(BeEquivalentTo(1))
		Expect(value("condition", "name", two.Name, "resource_namespace", namespace, "type", "Conflicted")).To(BeZero())

		By("exposing of its own what is documented, and nothing else")
		Expect(shapes(op.Metrics)).NotTo(BeEmpty())
		Expect(lacking(shapesOf(metrics.Definitions()), shapes(op.Metrics))).To(BeEmpty())
	})

	It("are told by the replica that leads, and by the next one when it goes", func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.Traefik)
		class := traefik().class()
		expect.ExpectApplied(ctx, user, class)
		first := start(ctx, operator.WithLeaderElection())
		ready := func(op *operator.Operator) float64 {
			GinkgoHelper()
			return metric(op.Metrics, "meshingress_condition", pairs([]string{"name", class.Name, "type", "Ready"}))
		}
		eventually(ctx, ready).WithArguments(first).Should(BeEquivalentTo(1))
		second := start(ctx, operator.WithLeaderElection())
		consistently(ctx, ready).WithArguments(second).Should(BeZero())
		Expect(metric(second.Metrics, "meshingress_build_info", nil)).To(BeEquivalentTo(1))
		Expect(ready(first)).To(BeEquivalentTo(1))
		Expect(lacking(shapes(ctrlmetrics.Registry), shapesOf(metrics.Runtime()))).To(BeEmpty())

		Expect(first.Stop()).To(Succeed())
		eventually(ctx, ready).WithArguments(second).Should(BeEquivalentTo(1))
	})
})

// shapes are the type and the labels of each metric that is exposed, by its name.
func shapes(from prometheus.Gatherer) map[string]string {
	GinkgoHelper()
	families, err := from.Gather()
	Expect(err).NotTo(HaveOccurred())
	found := map[string]string{}
	for _, family := range families {
		var labels []string
		for _, l := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		found[family.GetName()] = fmt.Sprint(strings.ToLower(family.GetType().String()), " ", labels)
	}
	return found
}

// lacking are the wanted metrics that are not among others, or not of the same shape.
func lacking(among, wanted map[string]string) []string {
	var names []string
	for name, shape := range wanted {
		if among[name] != shape {
			names = append(names, name+" "+shape)
		}
	}
	return names
}

func shapesOf(definitions []metrics.Definition) map[string]string {
	documented := map[string]string{}
	for _, d := range definitions {
		documented[d.Name] = fmt.Sprint(d.Type, " ", slices.Sorted(slices.Values(d.LabelNames())))
	}
	return documented
}

func pairs(labels []string) map[string]string {
	set := map[string]string{}
	for i := 0; i < len(labels); i += 2 {
		set[labels[i]] = labels[i+1]
	}
	return set
}

// metric sums a counter or gauge over what has all these labels.
func metric(from prometheus.Gatherer, name string, labels map[string]string) float64 {
	GinkgoHelper()
	families, err := from.Gather()
	Expect(err).NotTo(HaveOccurred())
	sum := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			found := 0
			for _, l := range m.GetLabel() {
				if want, asked := labels[l.GetName()]; asked && want == l.GetValue() {
					found++
				}
			}
			if found == len(labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
