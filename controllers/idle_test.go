// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

const (
	// many is how many MeshIngresses make a cluster that is not small.
	many = 200

	// perMeshIngress is what each costs once: its finalizer, its inventory, one
	// object, and its status.
	perMeshIngress = 4

	// perClass is what a class costs once in ClusterIP routing: its finalizer, its
	// claim, its workload's annotations, and its status.
	perClass = 4

	// slack, in percent, is for writes that are refused because the cache lagged
	// behind the write before.
	slack = 5
	extra = 20
)

var _ = Describe("The operator with many MeshIngresses", Ordered, func() {
	var (
		op        *operator.Operator
		namespace string
		classes   []*v1alpha1.MeshIngressClass
		all       []*v1alpha1.MeshIngress

		classWrites []string
	)

	add := func(ctx context.Context, name string, class *v1alpha1.MeshIngressClass) {
		GinkgoHelper()
		mi := builders.MeshIngress(name, namespace, builders.WithClass(class.Name),
			builders.WithRule(name+".example.com", "/", "web-svc", 80))
		expect.ExpectApplied(ctx, user, mi)
		all = append(all, mi)
	}

	// programmed are the MeshIngresses that are.
	programmed := func(ctx context.Context) (int, error) {
		count := 0
		for _, mi := range all {
			c, err := condition(ctx, mi, v1alpha1.ConditionProgrammed)
			if err != nil {
				return 0, err
			}
			if c == "True Programmed" {
				count++
			}
		}
		return count, nil
	}

	BeforeAll(func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd, fixtures.IngressNginx, fixtures.Traefik, fixtures.Contour)
		namespace = createNamespace(ctx, "many-", nil)
		op = start(ctx)
		for _, v := range []vendorCase{ingressNginx(), traefik(), contour()} {
			class := v.class()
			classes = append(classes, class)
			expect.ExpectApplied(ctx, user, class)
			becomes(ctx, class, v1alpha1.ConditionDiscovered, "True Discovered")
		}
		rests(ctx, op)
		classWrites = writes(op)

		By("one of each, so that what they generate is watched already")
		for _, class := range classes {
			add(ctx, "first-"+class.Name, class)
		}
		eventually(ctx, programmed).Should(Equal(len(classes)))
		rests(ctx, op)

		op.Counter.Reset()
		all = nil
		for i := range many {
			add(ctx, fmt.Sprintf("mi-%03d", i), classes[i%len(classes)])
		}
		eventually(ctx, programmed).WithTimeout(manyTimeout).Should(Equal(many))
		rests(ctx, op)
	})

	It("writes for each its finalizer, its inventory, its object and its status, once", func() {
		sent := writes(op)
		report("writes for each class", classWrites)
		report(fmt.Sprintf("writes for %d MeshIngresses", many), sent)
		GinkgoWriter.Printf("%d events\n", len(op.Counter.Writes())-len(sent))
		Expect(len(sent)).To(BeNumerically(">=", many*perMeshIngress))
		Expect(len(sent)).To(BeNumerically("<=", many*perMeshIngress*(100+slack)/100))
		Expect(len(classWrites)).To(BeNumerically("<=", len(classes)*perClass+extra))
		Expect(sent).To(HaveEach(HavePrefix("PATCH ")))
	})

	It("makes no request at all in steady state", func(ctx SpecContext) {
		op.Counter.Reset()
		consistently(ctx, op.Counter.Requests).Should(Satisfy(onlyWatches))
	})

	DescribeTable("writes nothing when it looks at all of them again",
		func(ctx SpecContext, trigger func(ctx context.Context)) {
			op.Counter.Reset()
			before := reconciles("meshingress")
			trigger(ctx)
			eventually(ctx, func() float64 { return reconciles("meshingress") - before }).
				WithTimeout(manyTimeout).Should(BeNumerically(">=", many))
			consistently(ctx, op.Counter.Requests).Should(Satisfy(onlyWatches))
			Expect(programmed(ctx)).To(Equal(many))
		},
		Entry("for an annotation on their classes", func(ctx context.Context) {
			for _, class := range classes {
				patch(ctx, class, `{"metadata":{"annotations":{"example.com/touched":"yes"}}}`)
			}
		}),
		Entry("for a label on their Namespace", func(ctx context.Context) {
			patch(ctx, builders.Namespace(namespace), `{"metadata":{"labels":{"example.com/touched":"yes"}}}`)
		}),
		Entry("for an annotation on their Service", func(ctx context.Context) {
			patch(ctx, builders.Service(namespace, "web-svc"), `{"metadata":{"annotations":{"example.com/touched":"yes"}}}`)
		}),
		Entry("for what Linkerd says anew", func(ctx context.Context) {
			setLinkerdValues(ctx, "clusterDomain: cluster.local\nlinkerdVersion: edge-26.8.3\nproxy: {opaquePorts: \"25\"}\n"+
				"proxyInit: {ignoreInboundPorts: \"4567,4568\", ignoreOutboundPorts: \"4567,4568\"}\n")
		}),
	)

	It("writes nothing when it is started again", func(ctx SpecContext) {
		Expect(op.Stop()).To(Succeed())
		op = start(ctx)
		rests(ctx, op)
		Expect(op.Counter.Writes()).To(BeEmpty())
		Expect(programmed(ctx)).To(Equal(many))
	})
})

func onlyWatches(requests map[string]int) bool {
	delete(requests, "WATCH")
	return len(requests) == 0
}

// report prints how often each kind of request was sent, names left out.
func report(title string, requests []string) {
	counts := map[string]int{}
	for _, r := range requests {
		parts := strings.Split(r, "/")
		for i, p := range parts {
			if strings.Contains(p, "mi-") || strings.HasPrefix(p, "many-") {
				parts[i] = "*"
			}
		}
		counts[strings.Join(parts, "/")]++
	}
	GinkgoWriter.Printf("%d %s:\n", len(requests), title)
	for _, r := range slices.Sorted(maps.Keys(counts)) {
		GinkgoWriter.Printf("%5d %s\n", counts[r], r)
	}
}

// reconciles is how often the controllers of a name have reconciled in this process.
func reconciles(controller string) float64 {
	GinkgoHelper()
	return metric(ctrlmetrics.Registry, "controller_runtime_reconcile_total", map[string]string{"controller": controller})
}
