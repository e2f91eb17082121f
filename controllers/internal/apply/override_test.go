// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"errors"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
)

// force records what a claim takes, and takes it.
func force(ctx SpecContext, claim apply.Claim) []v1alpha1.OverriddenField {
	GinkgoHelper()
	live := get(ctx, claimed(claim))
	taken, err := apply.Taken(claim, live, nil)
	Expect(err).NotTo(HaveOccurred())
	Expect(writer.Force(ctx, claim, live, taken)).To(Equal(apply.Configured))
	return taken
}

// claimed names the object of a claim.
func claimed(claim apply.Claim) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{}
	obj.SetAPIVersion(strings.TrimPrefix(claim.Entry.Group+"/"+claim.Entry.Version, "/"))
	obj.SetKind(claim.Entry.Kind)
	obj.SetNamespace(claim.Entry.Namespace)
	obj.SetName(claim.Entry.Name)
	return obj
}

func expectSame(a, b *unstructured.Unstructured) {
	GinkgoHelper()
	Expect(gocmp.Diff(timeless(a), timeless(b))).To(BeEmpty())
}

var _ = Describe("A field of others that is taken over", func() {
	DescribeTable("is given back exactly, and its owners go on as if nothing had been",
		func(ctx SpecContext, kind kindOf, theirs user) {
			there, twin := newNamespace(ctx), newNamespace(ctx)
			declare := func(value any) {
				GinkgoHelper()
				err := theirs(ctx, kind.in(twin, value), kind.field)
				if err == nil {
					Expect(theirs(ctx, kind.in(there, value), kind.field)).To(Succeed())
				} else {
					Expect(theirs(ctx, kind.in(there, value), kind.field)).To(MatchError(err.Error()))
				}
				expectSame(get(ctx, kind.in(there, nil)), get(ctx, kind.in(twin, nil)))
			}
			now := func() *unstructured.Unstructured { return get(ctx, kind.in(there, nil)) }
			declare("theirs")
			before := now()
			claim := claimOne(before, "ours", kind.field...)

			By("taking it")
			taken := force(ctx, claim)
			Expect(taken).To(HaveLen(1))
			Expect(taken[0].Value).To(Equal(`"theirs"`))
			Expect(valueAt(now(), kind.field...)).To(Equal("ours"))
			changes := int64(1)
			if before.GetKind() == "Namespace" {
				changes = 0 // it has no generation
			}
			Expect(now().GetGeneration()).To(Equal(before.GetGeneration() + changes))
			Expect(apply.Taken(claim, now(), taken)).To(Equal(taken), "the record stands")

			writes.Reset()
			Expect(writer.Force(ctx, claim, now(), taken)).To(Equal(apply.Unchanged))
			Expect(writes.Writes()).To(BeEmpty(), "there is nothing to take any more")

			By("giving it back")
			claim.Fields = nil
			Expect(writer.GiveBack(ctx, claim, taken)).To(Equal(apply.Configured))
			Expect(now().GetGeneration()).To(Equal(before.GetGeneration() + 2*changes))
			expectSame(now(), before)
			Expect(apply.Taken(claim, now(), taken)).To(BeNil(), "the record can be forgotten")

			writes.Reset()
			Expect(writer.GiveBack(ctx, claim, taken)).To(Equal(apply.Unchanged))
			Expect(writes.Writes()).To(BeEmpty(), "there is nothing to give back any more")

			By("its owners doing what they do")
			declare("theirs")
			declare("something else")
			declare(nil)
			Expect(valueAt(now(), kind.field...)).To(BeNil())
		},
		Entry("Deployment, kubectl apply --server-side", deployments(), kubectl("--server-side")),
		Entry("Deployment, kubectl apply", deployments(), kubectl()),
		Entry("Deployment, kubectl edit", deployments(), editor("kubectl-create", "kubectl-edit")),
		Entry("Deployment, Helm", deployments(), helm),
		Entry("Deployment, two that apply", deployments(), appliers("argocd", "flux")),
		Entry("Namespace, kubectl apply --server-side", namespaces(), kubectl("--server-side")),
		Entry("Namespace, kubectl apply", namespaces(), kubectl()),
		Entry("Namespace, kubectl edit", namespaces(), editor("kubectl-create", "kubectl-edit")),
		Entry("Namespace, Helm", namespaces(), helm),
		Entry("Namespace, two that apply", namespaces(), appliers("argocd", "flux")),
		Entry("custom resource, kubectl apply --server-side", widgets(), kubectl("--server-side")),
		Entry("custom resource, kubectl apply", widgets(), kubectl()),
		Entry("custom resource, kubectl edit", widgets(), editor("kubectl-create", "kubectl-edit")),
		Entry("custom resource, Helm", widgets(), helm),
		Entry("custom resource, two that apply", widgets(), appliers("argocd", "flux")),
	)

	DescribeTable("may be of any type",
		func(ctx SpecContext, theirs user, value, other any, path ...string) {
			kind := kindOf{manifest: widgets().manifest, field: path}
			there := newNamespace(ctx)
			Expect(theirs(ctx, kind.in(there, value), kind.field)).To(Succeed())
			before := get(ctx, kind.in(there, nil))
			claim := claimOne(before, other, path...)
			taken := force(ctx, claim)
			Expect(taken).To(HaveLen(1))
			Expect(taken[0].Path).To(Equal(path))
			Expect(valueAt(get(ctx, before), path...)).To(Equal(other))
			claim.Fields = nil
			Expect(writer.GiveBack(ctx, claim, taken)).To(Equal(apply.Configured))
			expectSame(get(ctx, before), before)
		},
		Entry("boolean", appliers("argocd"), false, true, "spec", "flag"),
		Entry("whole number", appliers("argocd"), int64(1<<53+1), int64(4), "spec", "count"),
		Entry("number", appliers("argocd"), 0.5, 1.25, "spec", "share"),
		Entry("text that looks like something else", appliers("argocd"), "true", "<&>", "spec", "text"),
		Entry("empty text", helm, "", "x", "spec", "text"),
		Entry("list that is one value", appliers("argocd"), []any{"a", "b"}, []any{"b"}, "spec", "list"),
		Entry("map that is one value", appliers("argocd"),
			map[string]any{"a": "1"}, map[string]any{"b": "2"}, "spec", "table"),
		Entry("list that is one value, of Helm", helm, []any{"a", "b"}, []any{}, "spec", "list"),
		Entry("map that is one value, of Helm", helm,
			map[string]any{"a": "1"}, map[string]any{"a": "2"}, "spec", "table"),
	)

	It("may be a boolean of a pod template", func(ctx SpecContext) {
		kind := kindOf{manifest: deployments().manifest, field: []string{"spec", "template", "spec", "automountServiceAccountToken"}}
		there := newNamespace(ctx)
		Expect(appliers("argocd", "flux")(ctx, kind.in(there, false), nil)).To(Succeed())
		before := get(ctx, kind.in(there, nil))
		claim := claimOne(before, true, kind.field...)
		taken := force(ctx, claim)
		Expect(taken[0].Owners).To(HaveLen(2))
		Expect(valueAt(get(ctx, before), kind.field...)).To(BeTrue())
		Expect(writer.GiveBack(ctx, claimFields(before, nil), taken)).To(Equal(apply.Configured))
		Expect(get(ctx, before).GetGeneration()).To(Equal(before.GetGeneration() + 2))
		expectSame(get(ctx, before), before)
	})

	var w widget
	BeforeEach(func(ctx SpecContext) { w = newWidget(ctx) })

	It("is recorded as it is, with what it needs to be given back", func(ctx SpecContext) {
		record := func(field, value, owner string) v1alpha1.OverriddenField {
			return v1alpha1.OverriddenField{
				Claim: v1alpha1.Claim{
					InventoryEntry: w.claim(nil).Entry, UID: string(w.before.GetUID()), Manager: w.claim(nil).Manager,
				},
				Path: []string{"spec", field}, Value: value,
				Owners: []v1alpha1.FieldOwner{{Manager: owner, Operation: "Update", APIVersion: "example.com/v1"}},
			}
		}
		want := []v1alpha1.OverriddenField{record(other, `"1"`, "helm"), record(text, `"theirs"`, "helm")}
		Expect(w.taken(ctx, map[string]any{text: "ours", other: "2", "flag": true})).To(Equal(want), "flag was not there")
		Expect(w.taken(ctx, map[string]any{text: "theirs", "flag": true})).To(BeNil(), "nothing is to be taken")
		Expect(writes.Writes()).To(BeEmpty())

		By("it being set since it was taken")
		wanted := map[string]any{text: "ours"}
		recorded := force(ctx, w.claim(wanted))
		w.sets(ctx, "kubectl-edit", text, "mine")
		Expect(apply.Taken(w.claim(wanted), w.now(ctx), recorded)).
			To(HaveExactElements(record(text, `"mine"`, "kubectl-edit")))
		w.edit(ctx, "kubectl-edit", func(spec map[string]any) { delete(spec, text) })
		Expect(apply.Taken(w.claim(wanted), w.now(ctx), recorded)).To(BeNil(), "it is there for us to set")
	})

	It("is one change together with all else of the claim, each way", func(ctx SpecContext) {
		first := w.claim(map[string]any{"flag": true, "count": int64(3)})
		Expect(writer.Force(ctx, first, w.now(ctx), nil)).To(Equal(apply.Configured), "there is nothing to take")
		all := map[string]any{text: "ours", other: "2", "flag": true, "table": map[string]any{"a": "1"}}
		recorded := force(ctx, w.claim(all))
		Expect(w.now(ctx).GetGeneration()).To(Equal(w.before.GetGeneration() + 2))

		By("one field is claimed no longer, and another is set instead")
		some := w.claim(map[string]any{text: "ours", "count": int64(4)})
		Expect(writer.GiveBack(ctx, some, recorded)).To(Equal(apply.Configured))
		Expect(w.now(ctx).GetGeneration()).To(Equal(w.before.GetGeneration() + 3))
		Expect(w.spec(ctx)).To(Equal(map[string]any{text: "ours", other: "1", "count": int64(4)}))
		left, err := apply.Taken(some, w.now(ctx), recorded)
		Expect(err).NotTo(HaveOccurred())
		Expect(left).To(HaveExactElements(HaveField("Path", []string{"spec", text})))

		By("none is")
		Expect(writer.GiveBack(ctx, w.claim(nil), left)).To(Equal(apply.Configured))
		Expect(w.now(ctx).GetGeneration()).To(Equal(w.before.GetGeneration() + 4))
		expectSame(w.now(ctx), w.before)
	})

	It("is given back in the request that takes another one", func(ctx SpecContext) {
		recorded := force(ctx, w.claim(map[string]any{text: "ours"}))
		next := w.claim(map[string]any{other: "2"})
		recorded, err := apply.Taken(next, w.now(ctx), recorded)
		Expect(err).NotTo(HaveOccurred())
		Expect(recorded).To(HaveLen(2))
		Expect(writer.Force(ctx, next, w.now(ctx), recorded)).To(Equal(apply.Configured))
		Expect(w.now(ctx).GetGeneration()).To(Equal(w.before.GetGeneration() + 2))
		Expect(w.spec(ctx)).To(Equal(map[string]any{text: "theirs", other: "2"}))
		Expect(writer.GiveBack(ctx, w.claim(nil), recorded)).To(Equal(apply.Configured))
		expectSame(w.now(ctx), w.before)
	})

	Describe("is not taken", func() {
		wanted := map[string]any{text: "ours", "flag": true}

		DescribeTable("unless it is recorded as it is now",
			func(ctx SpecContext, change func(*v1alpha1.OverriddenField)) {
				recorded := w.taken(ctx, wanted)
				change(&recorded[0])
				_, err := writer.Force(ctx, w.claim(wanted), w.now(ctx), recorded)
				Expect(err).To(MatchError(w.conflictOn(".spec.text", "helm")))
				Expect(writes.Writes()).To(BeEmpty())
			},
			Entry("another value", func(f *v1alpha1.OverriddenField) { f.Value = `"other"` }),
			Entry("another owner", func(f *v1alpha1.OverriddenField) { f.Owners[0].Manager = "argocd" }),
			Entry("another field", func(f *v1alpha1.OverriddenField) { f.Path[1] = "other" }),
			Entry("another object", func(f *v1alpha1.OverriddenField) { f.UID = "other" }),
		)

		It("where somebody set it between the look and the write", func(ctx SpecContext) {
			old := w.now(ctx)
			recorded := w.taken(ctx, wanted)
			w.sets(ctx, "kubectl-edit", text, "mine")
			_, err := writer.Force(ctx, w.claim(wanted), old, recorded)
			Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
			Expect(err).NotTo(BeAssignableToTypeOf(&apply.FieldConflictError{}), "it is to be tried again")
			Expect(valueAt(w.now(ctx), "spec", text)).To(Equal("mine"))
		})

		It("where somebody set another one between the two requests", func(ctx SpecContext) {
			slow := interrupted(func() { w.sets(ctx, "kubectl-edit", "flag", false) })
			_, err := slow.Force(ctx, w.claim(wanted), w.now(ctx), w.taken(ctx, wanted))
			Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
			Expect(w.spec(ctx)).To(Equal(map[string]any{text: "theirs", other: "1", "flag": false}))
		})

		It("with an item of a list that others hold", func(ctx SpecContext) {
			items := func(value string) []any { return []any{map[string]any{"name": "a", "value": value}} }
			config := w.config(nil)
			config.Object["spec"] = map[string]any{"items": items("theirs")}
			Expect(appliers("argocd")(ctx, config, nil)).To(Succeed())
			wanted := map[string]any{text: "ours", "items": items("ours")}
			_, err := writer.Force(ctx, w.claim(wanted), w.now(ctx), w.taken(ctx, wanted))
			Expect(err).To(MatchError(w.conflictOn(`.spec.items[name="a"].value`, "argocd")))
			Expect(valueAt(w.now(ctx), "spec", text)).To(Equal("theirs"))
		})

		It("from another claim of the operator", func(ctx SpecContext) {
			another := w.claim(map[string]any{"flag": false})
			another.Manager = apply.ManagerFor("another")
			Expect(writer.Fields(ctx, another, w.now(ctx))).To(Equal(apply.Configured))
			_, err := apply.Taken(w.claim(wanted), w.now(ctx), nil)
			Expect(err).To(MatchError(w.conflictOn(".spec.flag", another.Manager)))
		})

		It("where it is too long to be recorded", func(ctx SpecContext) {
			for _, size := range []int{4094, 4095} { // and two quotation marks
				w.sets(ctx, "helm", text, strings.Repeat("x", size))
				_, err := apply.Taken(w.claim(wanted), w.now(ctx), nil)
				if size == 4094 {
					Expect(err).NotTo(HaveOccurred())
					continue
				}
				var conflict *apply.FieldConflictError
				Expect(errors.As(err, &conflict)).To(BeTrue(), "%v", err)
				Expect(conflict.Why).To(ContainSubstring("4096"))
				_, err = writer.Force(ctx, w.claim(wanted), w.now(ctx), nil)
				Expect(err).To(Equal(conflict))
			}
		})

		It("where a subresource sets it", func(ctx SpecContext) {
			d := newDeployment(ctx, w.before.GetNamespace())
			scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 3}}
			Expect(testEnv.Client.SubResource("scale").Update(ctx, d, client.WithSubResourceBody(scale),
				client.FieldOwner("autoscaler"))).To(Succeed())
			d.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
			_, err := apply.Taken(claimOne(get(ctx, d), int64(1), "spec", "replicas"), get(ctx, d), nil)
			Expect(err).To(MatchError(And(ContainSubstring("autoscaler"), ContainSubstring("subresource scale"))))
		})

		It("of an object that is gone", func(ctx SpecContext) {
			old, recorded := w.now(ctx), w.taken(ctx, wanted)
			Expect(testEnv.Client.Delete(ctx, w.now(ctx))).To(Succeed())
			_, err := writer.Force(ctx, w.claim(wanted), old, recorded)
			Expect(err).To(BeAssignableToTypeOf(&apply.GoneError{}), "the cache has the old one")
			Expect(helm(ctx, w.config("theirs"), nil)).To(Succeed())
			_, err = writer.Force(ctx, w.claim(wanted), w.now(ctx), recorded)
			Expect(err).To(BeAssignableToTypeOf(&apply.GoneError{}), "it is another one")
			Expect(apply.Taken(w.claim(wanted), w.now(ctx), recorded)).To(BeNil())
			Expect(valueAt(w.now(ctx), "spec", text)).To(Equal("theirs"))
		})
	})
})
