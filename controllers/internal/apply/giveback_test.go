// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("A field that was taken over", func() {
	var w widget
	BeforeEach(func(ctx SpecContext) { w = newWidget(ctx) })

	Describe("is not given back", func() {
		wanted := map[string]any{text: "ours", "flag": true}
		var recorded []v1alpha1.OverriddenField

		BeforeEach(func(ctx SpecContext) { recorded = force(ctx, w.claim(wanted)) })

		DescribeTable("where somebody set it since",
			func(ctx SpecContext, since func(SpecContext), want map[string]any) {
				since(ctx)
				Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(BeElementOf(apply.Configured, apply.Unchanged))
				Expect(w.spec(ctx)).To(Equal(want))
				Expect(w.now(ctx).GetManagedFields()).NotTo(ContainElement(HaveField("Manager", manager)))
				writes.Reset()
				Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Unchanged))
				Expect(writes.Writes()).To(BeEmpty())
			},
			Entry("to another value", func(ctx SpecContext) { w.sets(ctx, "kubectl-edit", text, "mine") },
				map[string]any{text: "mine", other: "1"}),
			Entry("to the value it has", func(ctx SpecContext) {
				Expect(appliers("argocd")(ctx, w.config("ours"), nil)).To(Succeed())
			}, map[string]any{text: "ours", other: "1"}),
			Entry("to nothing", func(ctx SpecContext) {
				w.edit(ctx, "kubectl-edit", func(spec map[string]any) { delete(spec, text) })
			}, map[string]any{other: "1"}),
			Entry("by taking away all that it was in", func(ctx SpecContext) {
				live := w.now(ctx)
				delete(live.Object, "spec")
				Expect(testEnv.Client.Update(ctx, live, client.FieldOwner("kubectl-edit"))).To(Succeed())
			}, map[string]any{}),
		)

		It("where somebody set it between the look and the write", func(ctx SpecContext) {
			stale := writer
			stale.Live = interceptor.NewClient(ours, interceptor.Funcs{Get: func(
				_ context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption,
			) error {
				err := c.Get(ctx, key, obj, opts...)
				w.sets(ctx, "kubectl-edit", text, "mine")
				return err
			}})
			_, err := stale.GiveBack(ctx, w.claim(nil), recorded)
			Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
			Expect(w.spec(ctx)).To(Equal(map[string]any{text: "mine", other: "1", "flag": true}))
		})

		DescribeTable("on an object that is gone",
			func(ctx SpecContext, again bool) {
				Expect(testEnv.Client.Delete(ctx, w.now(ctx))).To(Succeed())
				if again {
					Expect(helm(ctx, w.config("new"), nil)).To(Succeed())
				}
				writes.Reset()
				Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Unchanged))
				Expect(writes.Writes()).To(BeEmpty())
				if again {
					Expect(valueAt(w.now(ctx), "spec", text)).To(Equal("new"))
				} else {
					expect.ExpectNotFound(ctx, testEnv.Client, w.before)
				}
			},
			Entry("deleted", false),
			Entry("made anew", true),
		)
	})

	It("is its other owners' again, too, where one of them has put it back", func(ctx SpecContext) {
		obj := widgets().in(newNamespace(ctx), "theirs")
		Expect(appliers("argocd", "flux")(ctx, obj, nil)).To(Succeed())
		w := widget{get(ctx, obj)}
		recorded := force(ctx, w.claim(map[string]any{text: "ours"}))
		body := client.ApplyConfigurationFromUnstructured(obj.DeepCopy())
		Expect(testEnv.Client.Apply(ctx, body, client.FieldOwner("argocd"), client.ForceOwnership)).To(Succeed())
		back := w.now(ctx)

		Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Configured))
		Expect(w.now(ctx).GetGeneration()).To(Equal(back.GetGeneration()), "it is as it should be")
		expectSame(w.now(ctx), w.before)
		writes.Reset()
		Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Unchanged))
		Expect(writes.Writes()).To(BeEmpty())
	})

	Describe("survives a crash", func() {
		wanted := map[string]any{text: "ours", "flag": true}

		// until calls until there is no error, as a reconciler is called again.
		until := func(call func() (apply.Change, error)) {
			GinkgoHelper()
			_, err := call()
			Expect(err).To(MatchError(controllertest.ErrInjected))
			_, err = call()
			Expect(err).NotTo(HaveOccurred())
		}

		for request := range 2 {
			for name, fault := range map[string]func(){
				"before":        func() { faults.FailWrite(request + 1) },
				"in the answer": func() { faults.LoseAnswer(request + 1) },
			} {
				It(fmt.Sprintf("of taking it, %s of request %d", name, request+1), func(ctx SpecContext) {
					var recorded []v1alpha1.OverriddenField
					fault()
					until(func() (apply.Change, error) {
						var err error
						recorded, err = apply.Taken(w.claim(wanted), w.now(ctx), recorded)
						Expect(err).NotTo(HaveOccurred())
						return writer.Force(ctx, w.claim(wanted), w.now(ctx), recorded)
					})
					Expect(w.now(ctx).GetGeneration()).To(Equal(w.before.GetGeneration() + 1))
					Expect(w.spec(ctx)).To(Equal(map[string]any{text: "ours", other: "1", "flag": true}))
					Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Configured))
					expectSame(w.now(ctx), w.before)
				})

				It(fmt.Sprintf("of giving it back, %s of request %d", name, request+1), func(ctx SpecContext) {
					recorded := force(ctx, w.claim(wanted))
					fault()
					until(func() (apply.Change, error) { return writer.GiveBack(ctx, w.claim(nil), recorded) })
					Expect(w.now(ctx).GetGeneration()).To(Equal(w.before.GetGeneration() + 2))
					expectSame(w.now(ctx), w.before)
				})
			}
		}

		DescribeTable("between the two requests of giving it back",
			func(ctx SpecContext, meanwhile func(SpecContext), want string) {
				recorded := force(ctx, w.claim(wanted))
				faults.FailWrite(2)
				_, err := writer.GiveBack(ctx, w.claim(nil), recorded)
				Expect(err).To(MatchError(controllertest.ErrInjected))
				Expect(apply.Taken(w.claim(nil), w.now(ctx), recorded)).To(Equal(recorded), "the record stands")
				meanwhile(ctx)
				Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(BeElementOf(apply.Configured, apply.Unchanged))
				Expect(valueAt(w.now(ctx), "spec", text)).To(Equal(want))
				Expect(w.now(ctx).GetManagedFields()).NotTo(ContainElement(HaveField("Manager", manager)))
			},
			Entry("when it is set", func(ctx SpecContext) { w.sets(ctx, "kubectl-edit", text, "mine") }, "mine"),
			Entry("when its owner does what it always does", func(ctx SpecContext) {
				Expect(helm(ctx, w.config("theirs"), widgets().field)).To(Succeed())
			}, "theirs"),
			Entry("when somebody else wants it as it was", func(ctx SpecContext) {
				Expect(appliers("argocd")(ctx, w.config("theirs"), nil)).To(Succeed())
			}, "theirs"),
		)

		It("between the two requests of giving it back, when one of two owners applies it again", func(ctx SpecContext) {
			obj := widgets().in(newNamespace(ctx), "theirs")
			Expect(appliers("argocd", "flux")(ctx, obj, nil)).To(Succeed())
			w := widget{get(ctx, obj)}
			recorded := force(ctx, w.claim(wanted))
			faults.FailWrite(2)
			_, err := writer.GiveBack(ctx, w.claim(nil), recorded)
			Expect(err).To(MatchError(controllertest.ErrInjected))
			Expect(appliers("argocd")(ctx, obj, nil)).To(Succeed())
			Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Configured))
			expectSame(w.now(ctx), w.before)
		})

		It("between the two requests of giving it back, when it is wanted again", func(ctx SpecContext) {
			recorded := force(ctx, w.claim(wanted))
			faults.FailWrite(2)
			_, err := writer.GiveBack(ctx, w.claim(nil), recorded)
			Expect(err).To(MatchError(controllertest.ErrInjected))
			recorded, err = apply.Taken(w.claim(wanted), w.now(ctx), recorded)
			Expect(err).NotTo(HaveOccurred())
			Expect(writer.Force(ctx, w.claim(wanted), w.now(ctx), recorded)).To(Equal(apply.Configured))
			Expect(valueAt(w.now(ctx), "spec", text)).To(Equal("ours"))
			Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Configured))
			expectSame(w.now(ctx), w.before)
		})

		It("and a write of somebody else between the two requests of giving it back", func(ctx SpecContext) {
			recorded := force(ctx, w.claim(wanted))
			_, err := interrupted(func() { w.sets(ctx, "helm", other, "2") }).GiveBack(ctx, w.claim(nil), recorded)
			Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
			Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Configured))
			w.sets(ctx, "helm", other, "1")
			expectSame(w.now(ctx), w.before)
		})
	})

	It("may be of an object without managed fields", func(ctx SpecContext) {
		none := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]`))
		Expect(testEnv.Client.Patch(ctx, w.now(ctx), none)).To(Succeed())
		Expect(w.now(ctx).GetManagedFields()).To(BeEmpty())
		w.before = w.now(ctx)
		recorded := force(ctx, w.claim(map[string]any{text: "ours"}))
		Expect(recorded[0].Owners).To(HaveExactElements(HaveField("Manager", "before-first-apply")))
		Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Configured))
		Expect(w.spec(ctx)).To(Equal(valueAt(w.before, "spec")))
		Expect(w.now(ctx).GetManagedFields()).To(HaveExactElements(HaveField("Manager", "before-first-apply")))
		Expect(kubectl("--server-side")(ctx, w.config("theirs"), nil)).To(Succeed())
	})
})

// interrupted is the Writer of somebody who is slow: after its first apply, which may
// be refused, something else happens.
func interrupted(meanwhile func()) apply.Writer {
	c := interceptor.NewClient(ours, interceptor.Funcs{Apply: func(
		ctx context.Context, c client.WithWatch, obj runtime.ApplyConfiguration, opts ...client.ApplyOption,
	) error {
		err := c.Apply(ctx, obj, opts...)
		if meanwhile != nil {
			meanwhile()
		}
		meanwhile = nil
		return err
	}})
	return apply.Writer{Client: c, Live: ours}
}
