// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("The cluster is what it was with", func() {
	for _, s := range thorough() {
		Context(s.name, func() {
			describeLife(s)
			describeMoreLives(s)
		})
	}
	Context("Traefik before 2.10, header", Ordered, ContinueOnFailure, func() {
		BeforeAll(serveFormerTraefik)
		s := traefik("header", toHeader)
		describeLife(s)
		describeMoreLives(s)
	})
	for _, s := range others() {
		Context(s.name, func() { describeLife(s) })
	}
})

var _ = It("Every way of every vendor is among them", func() {
	registry, err := all.New()
	Expect(err).NotTo(HaveOccurred())
	var ways, lived []string
	for _, p := range registry.All() {
		for _, way := range p.Describe().Strategies {
			ways = append(ways, fmt.Sprintf("%s %s %s", p.Describe().Vendor, way.Strategy, way.Form))
		}
	}
	for _, s := range slices.Concat(thorough(), others()) {
		lived = append(lived, s.describe(registry))
	}
	Expect(distinct(lived)).To(Equal(distinct(ways)))
})

func distinct(texts []string) []string { return slices.Compact(slices.Sorted(slices.Values(texts))) }

func describeLife(s scenario) {
	It("after a life with changes by everybody", func(ctx SpecContext) {
		w := s.begin(ctx)
		w.injects(ctx, s.injected())
		By("another host")
		w.change(ctx, func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Host = "other.example.com" })
		By("users' own edits")
		s.edit(ctx)
		for _, o := range generated(ctx, w.mi) {
			annotated(o).do(ctx)
		}
		w.injects(ctx, s.injected())
		By("another backend")
		w.change(ctx, func(mi *v1alpha1.MeshIngress) {
			mi.Spec.Rules[0].Paths[0].Backends[0] = builders.Backend("emoji-svc", "prom")
		})
		By("an option of the class")
		w.changeClass(ctx, func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
		w.injects(ctx, s.injectedWithoutPorts())
		By("injection that only says what it would do, and then does it again")
		w.changeClass(ctx, builders.WithInjection(v1alpha1.InjectionAudit))
		w.injects(ctx, map[string]string{})
		w.changeClass(ctx, builders.WithInjection(v1alpha1.InjectionEnforce))
		w.injects(ctx, s.injectedWithoutPorts())

		remove(ctx, w.mi, w.class)
		w.isAsExpected(ctx)
	})
}

func describeMoreLives(s scenario) {
	It("when the class is deleted first", func(ctx SpecContext) {
		w := s.begin(ctx)
		w.programmed(ctx)
		s.edit(ctx)
		remove(ctx, w.class, w.mi)
		w.isAsExpected(ctx)
	})

	It("when the operator was down while users edited and deleted", func(ctx SpecContext) {
		w := s.begin(ctx)
		w.injects(ctx, s.injected())
		Expect(w.operator.Stop()).To(Succeed())
		s.edit(ctx)
		Expect(user.Delete(ctx, w.mi)).To(Succeed())
		Expect(user.Delete(ctx, w.class)).To(Succeed())

		start(ctx)
		isGone(ctx, w.mi)
		isGone(ctx, w.class)
		w.isAsExpected(ctx)
	})

	It("but for the routes that were to stay", func(ctx SpecContext) {
		w := s.begin(ctx, builders.WithDeletionPolicy(v1alpha1.DeletionOrphan))
		w.programmed(ctx)
		s.edit(ctx)
		routes := generated(ctx, w.mi)
		Expect(routes).NotTo(BeEmpty())
		remove(ctx, w.mi, w.class)
		for _, route := range routes {
			orphan := route.DeepCopy()
			Expect(user.Get(ctx, client.ObjectKeyFromObject(route), orphan)).To(Succeed())
			Expect(orphan.Object["spec"]).To(Equal(route.Object["spec"]))
			Expect(orphan.GetUID()).To(Equal(route.GetUID()))
			Expect(orphan.GetOwnerReferences()).To(BeEmpty())
			Expect(orphan.GetLabels()).NotTo(Or(HaveKey(v1alpha1.OwnerLabel), HaveKey(v1alpha1.ManagedByLabel)))
			Expect(orphan.GetAnnotations()).NotTo(HaveKey(v1alpha1.OwnerAnnotation))
			Expect(user.Delete(ctx, orphan)).To(Succeed())
		}
		w.isAsExpected(ctx)
	})
}

// world is a cluster with a MeshIngress, and what it is to be without it.
type world struct {
	scenario scenario
	operator *operator.Operator
	class    *v1alpha1.MeshIngressClass
	mi       *v1alpha1.MeshIngress

	// before is the cluster without anything, and expected that with the users' edits.
	before, expected env.Snapshot
}

// begin makes the cluster and notes what it is after the users' edits, before the
// operator has done anything. Then it takes the edits back, and starts.
func (s scenario) begin(ctx context.Context, opts ...builders.MeshIngressOption) *world {
	GinkgoHelper()
	s.install(ctx)
	w := &world{scenario: s, before: snapshot(ctx)}
	DeferCleanup(s.undo) // of what stays, which are Namespaces
	s.edit(ctx)
	w.expected = snapshot(ctx)
	Expect(reflect.DeepEqual(w.before, w.expected)).To(BeFalse(), "the users' edits change nothing")
	s.undo(ctx)
	expectEqual(w.before, snapshot(ctx))

	w.operator = start(ctx)
	DeferCleanup(releaseAll, w)
	w.create(ctx, opts...)
	return w
}

func (w *world) create(ctx context.Context, opts ...builders.MeshIngressOption) {
	GinkgoHelper()
	w.class, w.mi = w.scenario.class(), w.scenario.meshIngress(opts...)
	Expect(user.Create(ctx, w.class)).To(Succeed())
	Expect(user.Create(ctx, w.mi)).To(Succeed())
}

// releaseAll lets a spec that failed not fail the next.
func releaseAll(ctx SpecContext, w *world) {
	for _, o := range []client.Object{w.mi, w.class} {
		Expect(client.IgnoreNotFound(user.Delete(ctx, o))).To(Succeed())
		isGone(ctx, o)
	}
}

// isAsExpected compares the cluster with what it is to be.
func (w *world) isAsExpected(ctx context.Context) {
	GinkgoHelper()
	expectEqual(w.expected, snapshot(ctx))
}

func (w *world) programmed(ctx context.Context) {
	GinkgoHelper()
	becomes(ctx, w.mi, v1alpha1.ConditionProgrammed, "True Programmed")
	becomes(ctx, w.class, v1alpha1.ConditionAccepted, "True Accepted")
}

// injects waits until the injector is told what it is to be.
func (w *world) injects(ctx context.Context, annotations map[string]string) {
	GinkgoHelper()
	w.programmed(ctx)
	eventually(ctx, w.scenario.annotations).Should(Equal(annotations))
	if w.scenario.outside {
		becomes(ctx, w.class, v1alpha1.ConditionMeshed, "False "+v1alpha1.ReasonDataPlaneOutsideCluster)
	}
}

func (w *world) change(ctx context.Context, edit func(*v1alpha1.MeshIngress)) {
	GinkgoHelper()
	current := &v1alpha1.MeshIngress{}
	Expect(user.Get(ctx, client.ObjectKeyFromObject(w.mi), current)).To(Succeed())
	before := current.DeepCopy()
	edit(current)
	Expect(user.Patch(ctx, current, client.MergeFrom(before))).To(Succeed())
	w.programmed(ctx)
}

func (w *world) changeClass(ctx context.Context, edit func(*v1alpha1.MeshIngressClass)) {
	GinkgoHelper()
	current := &v1alpha1.MeshIngressClass{}
	Expect(user.Get(ctx, client.ObjectKeyFromObject(w.class), current)).To(Succeed())
	before := current.DeepCopy()
	edit(current)
	Expect(user.Patch(ctx, current, client.MergeFrom(before))).To(Succeed())
	w.programmed(ctx)
}

func isNoMatch(err error) bool { return meta.IsNoMatchError(err) }
