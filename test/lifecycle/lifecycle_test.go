// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("The cluster is what it was", func() {
	forEachStrategy("after a life with changes by everybody", func(ctx SpecContext, s scenario) {
		w := s.begin(ctx)
		w.programmed(ctx)
		mode := HaveKeyWithValue(linkerd.InjectAnnotation, s.mode())
		eventually(ctx, s.annotations).Should(And(mode, HaveKey(linkerd.SkipInboundPortsAnnotation)))

		By("another host")
		w.change(ctx, func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Host = "other.example.com" })
		By("users' own edits")
		s.edit(ctx)
		for _, o := range generated(ctx, w.mi) {
			annotate(ctx, o, `{"metadata":{"annotations":{"example.com/edited":"yes"}}}`)
		}
		eventually(ctx, s.annotations).Should(mode)
		By("another backend")
		w.change(ctx, func(mi *v1alpha1.MeshIngress) {
			mi.Spec.Rules[0].Paths[0].Backends[0] = builders.Backend("emoji-svc", "prom")
		})
		By("an option of the class")
		w.changeClass(ctx, func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.ClientIP = v1alpha1.ClientIPIgnore })
		eventually(ctx, s.annotations).Should(Equal(map[string]string{linkerd.InjectAnnotation: s.mode()}))
		By("injection that only says what it would do, and then does it again")
		inject := func(injection v1alpha1.Injection) {
			w.changeClass(ctx, func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.Injection = injection })
		}
		inject(v1alpha1.InjectionAudit)
		eventually(ctx, s.annotations).Should(BeEmpty())
		inject(v1alpha1.InjectionEnforce)
		eventually(ctx, s.annotations).Should(mode)
		w.programmed(ctx)

		remove(ctx, w.mi, w.class)
		w.isAsExpected(ctx)
	})

	forEachStrategy("when the class is deleted first", func(ctx SpecContext, s scenario) {
		w := s.begin(ctx)
		w.programmed(ctx)
		s.edit(ctx)
		remove(ctx, w.class, w.mi)
		w.isAsExpected(ctx)
	})

	forEachStrategy("when the operator was down while users edited and deleted", func(ctx SpecContext, s scenario) {
		w := s.begin(ctx)
		w.programmed(ctx)
		eventually(ctx, s.annotations).ShouldNot(BeEmpty())
		Expect(w.operator.Stop()).To(Succeed())
		s.edit(ctx)
		Expect(user.Delete(ctx, w.mi)).To(Succeed())
		Expect(user.Delete(ctx, w.class)).To(Succeed())

		start(ctx)
		isGone(ctx, w.mi)
		isGone(ctx, w.class)
		w.isAsExpected(ctx)
	})

	forEachStrategy("but for the routes that were to stay", func(ctx SpecContext, s scenario) {
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
})

// world is a cluster with a MeshIngress, and what it is to be without it.
type world struct {
	operator *operator.Operator
	class    *v1alpha1.MeshIngressClass
	mi       *v1alpha1.MeshIngress
	expected env.Snapshot
}

// begin makes the cluster and notes what it is after the users' edits, before the
// operator has done anything. Then it takes the edits back, and starts.
func (s scenario) begin(ctx context.Context, opts ...builders.MeshIngressOption) *world {
	GinkgoHelper()
	s.install(ctx)
	before := snapshot(ctx)
	s.edit(ctx)
	w := &world{expected: snapshot(ctx), class: s.class(), mi: s.meshIngress(opts...)}
	Expect(env.Diff(before, w.expected)).NotTo(BeEmpty())
	s.undo(ctx)
	expectEqual(before, snapshot(ctx))

	w.operator = start(ctx)
	DeferCleanup(releaseAll, w)
	Expect(user.Create(ctx, w.class)).To(Succeed())
	Expect(user.Create(ctx, w.mi)).To(Succeed())
	return w
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
