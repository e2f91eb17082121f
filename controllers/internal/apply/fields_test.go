// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/test/expect"
)

const (
	manager = "meshingress:0c1f2a3b"
	inject  = "linkerd.io/inject"
)

var _ = Describe("Fields of somebody else's object", func() {
	var namespace string
	var settings *corev1.ConfigMap

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		settings = newConfigMap(ctx, namespace, map[string]string{"theirs": "value"})
	})

	current := func(ctx SpecContext) *corev1.ConfigMap {
		GinkgoHelper()
		return expect.ExpectExists(ctx, testEnv.Client, settings)
	}
	set := func(ctx SpecContext, data map[string]any) (apply.Change, error) {
		return writer.Fields(ctx, claimOn(settings, manager, data), current(ctx))
	}

	It("are set, left alone, and released exactly", func(ctx SpecContext) {
		Expect(set(ctx, map[string]any{"ours": "1"})).To(Equal(apply.Configured))
		Expect(current(ctx).Data).To(Equal(map[string]string{"theirs": "value", "ours": "1"}))

		writes.Reset()
		Expect(set(ctx, map[string]any{"ours": "1"})).To(Equal(apply.Unchanged))
		Expect(writes.Writes()).To(BeEmpty())

		By("other fields are desired")
		Expect(set(ctx, map[string]any{"mine": "2"})).To(Equal(apply.Configured))
		Expect(current(ctx).Data).To(Equal(map[string]string{"theirs": "value", "mine": "2"}))

		By("none is")
		Expect(set(ctx, nil)).To(Equal(apply.Configured))
		Expect(current(ctx).Data).To(Equal(settings.Data))
		Expect(current(ctx).ManagedFields).To(HaveLen(len(settings.ManagedFields)), "no trace of us is left")

		writes.Reset()
		Expect(set(ctx, nil)).To(Equal(apply.Unchanged))
		Expect(writer.Release(ctx, claimOn(settings, manager, nil))).To(Equal(apply.Unchanged))
		Expect(writes.Writes()).To(BeEmpty(), "there is nothing to release")
	})

	It("come back where somebody removed them", func(ctx SpecContext) {
		Expect(set(ctx, map[string]any{"ours": "1"})).To(Equal(apply.Configured))
		edit(ctx, current(ctx), func(cm *corev1.ConfigMap) { delete(cm.Data, "ours") })
		Expect(set(ctx, map[string]any{"ours": "1"})).To(Equal(apply.Configured))
		Expect(current(ctx).Data).To(HaveKeyWithValue("ours", "1"))
	})

	It("are not taken from who set another value, and the error stays the same", func(ctx SpecContext) {
		_, first := set(ctx, map[string]any{"theirs": "ours"})
		Expect(first).To(Equal(&apply.FieldConflictError{
			Object: "ConfigMap " + namespace + "/settings", Field: ".data.theirs", Manager: "helm",
			Path: []string{"data", "theirs"}, Value: `"value"`,
		}))
		Expect(current(ctx).Data).To(Equal(settings.Data))

		By("time goes by for the other manager")
		edit(ctx, current(ctx), func(cm *corev1.ConfigMap) { cm.Data["more"] = "value" })
		_, second := set(ctx, map[string]any{"theirs": "ours"})
		Expect(second).To(Equal(first))
		Expect(second.Error()).NotTo(MatchRegexp(`\d\d:\d\d`), "no timestamp")
	})

	It("are not even asked for where the cache shows that somebody else has set them", func(ctx SpecContext) {
		before := current(ctx)
		delete(before.Data, "theirs")
		before.ManagedFields = nil
		claim := claimOn(before, manager, map[string]any{"theirs": "ours", "ours": "1"})
		_, refused := writer.Fields(ctx, claim, before)
		Expect(writes.Writes()).To(HaveLen(1), "the cache does not show it yet")

		writes.Reset()
		_, foreseen := writer.Fields(ctx, claim, current(ctx))
		var conflict *apply.FieldConflictError
		Expect(errors.As(foreseen, &conflict)).To(BeTrue())
		conflict.Path, conflict.Value = nil, "" // the API server does not say
		Expect(foreseen).To(Equal(refused), "what the API server says")
		Expect(writes.Writes()).To(BeEmpty())
	})

	It("are not taken either from who set another value since the cache was last right", func(ctx SpecContext) {
		before := current(ctx)
		edit(ctx, current(ctx), func(cm *corev1.ConfigMap) { cm.Data["ours"] = "theirs" })
		_, err := writer.Fields(ctx, claimOn(settings, manager, map[string]any{"ours": "1"}), before)
		Expect(err).To(Equal(&apply.FieldConflictError{
			Object: "ConfigMap " + namespace + "/settings", Field: ".data.ours", Manager: "kubectl-edit",
		}), "as when it is seen before it is asked for, but for the value")
		Expect(current(ctx).Data).To(HaveKeyWithValue("ours", "theirs"))
	})

	It("are not asked for where the refusal is foreseen", func(ctx SpecContext) {
		_, err := set(ctx, map[string]any{"theirs": "ours"})
		Expect(err).To(HaveOccurred())
		Expect(writes.Writes()).To(BeEmpty())
	})

	It("stay with a user who set them before to the same value", func(ctx SpecContext) {
		Expect(set(ctx, map[string]any{"theirs": "value", "ours": "1"})).To(Equal(apply.Configured))
		Expect(writer.Release(ctx, claimOn(settings, manager, nil))).To(Equal(apply.Configured))
		Expect(current(ctx).Data).To(Equal(settings.Data))
	})

	It("stay with a user who has set them since", func(ctx SpecContext) {
		Expect(set(ctx, map[string]any{"ours": "1", "more": "1"})).To(Equal(apply.Configured))
		edit(ctx, current(ctx), func(cm *corev1.ConfigMap) { cm.Data["ours"] = "mine" })
		_, err := set(ctx, map[string]any{"ours": "1", "more": "1"})
		Expect(err).To(MatchError(&apply.FieldConflictError{
			Object: "ConfigMap " + namespace + "/settings", Field: ".data.ours", Manager: "kubectl-edit",
			Path: []string{"data", "ours"}, Value: `"mine"`,
		}))
		Expect(writer.Release(ctx, claimOn(settings, manager, nil))).To(Equal(apply.Configured))
		Expect(current(ctx).Data).To(Equal(map[string]string{"theirs": "value", "ours": "mine"}))
	})

	It("are still ours after somebody has put the object as it is", func(ctx SpecContext) {
		Expect(set(ctx, map[string]any{"ours": "1"})).To(Equal(apply.Configured))
		edit(ctx, current(ctx), func(cm *corev1.ConfigMap) { cm.Data["more"] = "value" })
		Expect(set(ctx, map[string]any{"ours": "1"})).To(Equal(apply.Unchanged))
		Expect(writer.Release(ctx, claimOn(settings, manager, nil))).To(Equal(apply.Configured))
		Expect(current(ctx).Data).To(Equal(map[string]string{"theirs": "value", "more": "value"}))
	})

	It("of an object that is gone are an error, and no ghost is made", func(ctx SpecContext) {
		before := current(ctx)
		claim := claimOn(before, manager, map[string]any{"ours": "1"})
		Expect(testEnv.Client.Delete(ctx, before)).To(Succeed())
		_, err := writer.Fields(ctx, claim, before)
		Expect(err).To(MatchError(&apply.GoneError{Object: "ConfigMap " + namespace + "/settings"}))
		expect.ExpectNotFound(ctx, testEnv.Client, before)
	})

	It("of an object that was made anew are an error, whatever the cache says", func(ctx SpecContext) {
		before := current(ctx)
		claim := claimOn(before, manager, map[string]any{"ours": "1"})
		recreate(ctx, before)
		_, err := writer.Fields(ctx, claim, before)
		Expect(err).To(MatchError(&apply.GoneError{Object: "ConfigMap " + namespace + "/settings"}), "the cache has the old one")

		writes.Reset()
		_, err = writer.Fields(ctx, claim, current(ctx))
		Expect(err).To(MatchError(&apply.GoneError{Object: "ConfigMap " + namespace + "/settings"}), "the cache has the new one")
		Expect(writes.Writes()).To(BeEmpty())
		Expect(current(ctx).Data).To(Equal(before.Data))
	})

	DescribeTable("of an object that is gone release without a ghost, even on an old look at it",
		func(ctx SpecContext, goes func(SpecContext, *corev1.ConfigMap)) {
			Expect(set(ctx, map[string]any{"ours": "1"})).To(Equal(apply.Configured))
			before := current(ctx)
			goes(ctx, before)
			Expect(writer.Release(ctx, claimOn(before, manager, nil))).To(Equal(apply.Unchanged))
			Expect(writer.Fields(ctx, claimOn(before, manager, nil), before)).To(Equal(apply.Unchanged))
			var left corev1.ConfigMap
			err := testEnv.Client.Get(ctx, client.ObjectKeyFromObject(before), &left)
			Expect(client.IgnoreNotFound(err)).To(Succeed())
			Expect(left.UID).NotTo(Equal(before.UID))
			Expect(left.ManagedFields).NotTo(ContainElement(HaveField("Manager", manager)))
		},
		Entry("deleted", func(ctx SpecContext, cm *corev1.ConfigMap) { Expect(testEnv.Client.Delete(ctx, cm)).To(Succeed()) }),
		Entry("made anew", func(ctx SpecContext, cm *corev1.ConfigMap) {
			Expect(recreate(ctx, cm)).NotTo(Equal(cm.UID))
		}),
	)

	It("with an unreadable value are refused for what they say", func(ctx SpecContext) {
		_, err := set(ctx, map[string]any{"no/key": "1"})
		Expect(apply.IsDenied(err)).To(BeTrue(), "%v", err)
		var gone *apply.GoneError
		Expect(err).NotTo(BeAssignableToTypeOf(gone))
	})
})

var _ = Describe("A pod template that several claim", func() {
	It("rolls once when the first claims it and once when the last lets it go", func(ctx SpecContext) {
		d := newDeployment(ctx, newNamespace(ctx))
		get := func() *appsv1.Deployment { return expect.ExpectExists(ctx, testEnv.Client, d) }
		fields := map[string]any{inject: "enabled"}

		Expect(writer.Fields(ctx, templateClaim(d, "meshingress:a", fields), get())).To(Equal(apply.Configured))
		Expect(get().Generation).To(Equal(d.Generation + 1))
		Expect(writer.Fields(ctx, templateClaim(d, "meshingress:b", fields), get())).To(Equal(apply.Configured))
		Expect(get().Generation).To(Equal(d.Generation+1), "the second changes nothing")

		By("another value is a conflict between the two")
		_, err := writer.Fields(ctx, templateClaim(d, "meshingress:b", map[string]any{inject: "ingress"}), get())
		Expect(err).To(MatchError(&apply.FieldConflictError{
			Object: "Deployment " + d.Namespace + "/proxy", Field: ".spec.template.metadata.annotations.linkerd.io/inject",
			Manager: "meshingress:a",
			Path:    []string{"spec", "template", "metadata", "annotations", inject}, Value: `"enabled"`,
		}))

		Expect(writer.Release(ctx, templateClaim(d, "meshingress:a", nil))).To(Equal(apply.Configured))
		Expect(get().Generation).To(Equal(d.Generation + 1))
		Expect(get().Spec.Template.Annotations).To(HaveKeyWithValue(inject, "enabled"))
		Expect(writer.Release(ctx, templateClaim(d, "meshingress:b", nil))).To(Equal(apply.Configured))
		Expect(get().Generation).To(Equal(d.Generation + 2))
		Expect(get().Spec).To(Equal(d.Spec))
	})
})

// edit changes an object as a user with kubectl does: the whole of it, at once.
func edit(ctx SpecContext, cm *corev1.ConfigMap, change func(*corev1.ConfigMap)) {
	GinkgoHelper()
	change(cm)
	Expect(testEnv.Client.Update(ctx, cm, client.FieldOwner("kubectl-edit"))).To(Succeed())
}
