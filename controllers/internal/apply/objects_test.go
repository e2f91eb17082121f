// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("An object of ours", func() {
	var namespace string
	var us translate.Owner

	BeforeEach(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		us = owner(namespace)
	})

	It("is created, then left alone, then corrected where somebody changed it", func(ctx SpecContext) {
		desired := generated(us, namespace, "a", map[string]any{"key": "value"})
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Created))
		Expect(writes.Writes()).To(HaveLen(1))

		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Unchanged))
		Expect(writes.Writes()).To(HaveLen(1), "idle means idle")

		By("a user changes it")
		live := expect.ExpectExists(ctx, testEnv.Client, desired)
		Expect(unstructured.SetNestedField(live.Object, "changed", "data", "key")).To(Succeed())
		Expect(testEnv.Client.Update(ctx, live, client.FieldOwner("kubectl-edit"))).To(Succeed())
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Configured))
		Expect(expect.ExpectExists(ctx, testEnv.Client, desired).Object["data"]).To(Equal(map[string]any{"key": "value"}))

		By("it is no longer to have a field")
		desired = generated(us, namespace, "a", map[string]any{"other": "value"})
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Configured))
		Expect(expect.ExpectExists(ctx, testEnv.Client, desired).Object["data"]).To(Equal(map[string]any{"other": "value"}))
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Unchanged))
	})

	It("is ours by its owner reference too, and gets its marks back", func(ctx SpecContext) {
		desired := generated(us, namespace, "a", nil)
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Created))
		live := expect.ExpectExists(ctx, testEnv.Client, desired)
		live.SetLabels(nil)
		Expect(testEnv.Client.Update(ctx, live)).To(Succeed())
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Configured))
		Expect(expect.ExpectExists(ctx, testEnv.Client, desired).GetLabels()).To(Equal(desired.GetLabels()))
	})

	It("keeps what was desired as it was given", func(ctx SpecContext) {
		desired := generated(us, namespace, "a", map[string]any{"key": "value"})
		before := desired.DeepCopy()
		_, err := writer.Object(ctx, us, desired)
		Expect(err).NotTo(HaveOccurred())
		Expect(desired).To(Equal(before))
	})

	DescribeTable("is not taken from a stranger",
		func(ctx SpecContext, strangers func() *unstructured.Unstructured) {
			stranger := strangers()
			Expect(testEnv.Client.Create(ctx, stranger)).To(Succeed())
			desired := generated(us, namespace, "a", map[string]any{"ours": "value"})

			_, err := writer.Object(ctx, us, desired)
			var conflict *apply.ObjectConflictError
			Expect(err).To(BeAssignableToTypeOf(conflict))
			Expect(err.Error()).To(ContainSubstring("ConfigMap " + namespace + "/a"))
			Expect(writer.Conflicts(ctx, us, []*unstructured.Unstructured{
				generated(us, namespace, "b", nil), desired,
			})).To(Equal([]string{"ConfigMap " + namespace + "/a"}))
			Expect(writes.Writes()).To(BeEmpty())
			Expect(expect.ExpectExists(ctx, testEnv.Client, stranger).GetResourceVersion()).To(Equal(stranger.GetResourceVersion()))
		},
		Entry("without marks", func() *unstructured.Unstructured {
			return configMap(namespace, "a", map[string]any{"theirs": "value"})
		}),
		Entry("with the marks of another owner", func() *unstructured.Unstructured {
			other := us
			other.Name, other.UID = "other", "another"
			return generated(other, namespace, "a", map[string]any{"theirs": "value"})
		}),
		Entry("with our label alone, as a copy would have", func() *unstructured.Unstructured {
			obj := generated(us, namespace, "a", map[string]any{"theirs": "value"})
			obj.SetAnnotations(nil)
			obj.SetOwnerReferences(nil)
			return obj
		}),
	)

	It("is not taken from a stranger that took the place of ours unseen by the cache", func(ctx SpecContext) {
		Expect(writer.Object(ctx, us, generated(us, namespace, "a", map[string]any{"ours": "old"}))).To(Equal(apply.Created))
		before := &unstructured.Unstructured{}
		before.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"})
		Expect(ours.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "a"}, before)).To(Succeed())
		behind := apply.Writer{Live: ours, Client: interceptor.NewClient(ours, interceptor.Funcs{
			Get: func(_ context.Context, _ client.WithWatch, _ client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
				before.DeepCopyInto(obj.(*unstructured.Unstructured))
				return nil
			},
		})}
		stranger := configMap(namespace, "a", map[string]any{"theirs": "value"})
		expect.ExpectDeleted(ctx, testEnv.Client, before.DeepCopy())
		for _, put := range []func(){
			func() {},
			func() { Expect(testEnv.Client.Create(ctx, stranger)).To(Succeed()) },
		} {
			put()
			_, err := behind.Object(ctx, us, generated(us, namespace, "a", map[string]any{"ours": "new"}))
			Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
		}
		Expect(expect.ExpectExists(ctx, testEnv.Client, stranger).Object["data"]).To(Equal(map[string]any{"theirs": "value"}))
	})

	It("is not taken from a stranger that the cache has not seen yet", func(ctx SpecContext) {
		stranger := configMap(namespace, "a", map[string]any{"theirs": "value"})
		Expect(testEnv.Client.Create(ctx, stranger)).To(Succeed())
		behind := apply.Writer{Client: interceptor.NewClient(ours, interceptor.Funcs{
			Get: func(_ context.Context, _ client.WithWatch, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
				return apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, key.Name)
			},
		}), Live: ours}

		_, err := behind.Object(ctx, us, generated(us, namespace, "a", map[string]any{"ours": "value"}))
		var conflict *apply.ObjectConflictError
		Expect(err).To(BeAssignableToTypeOf(conflict))
		Expect(writes.Writes()).To(BeEmpty())

		By("and one of ours is not written again")
		desired := generated(us, namespace, "b", map[string]any{"ours": "value"})
		Expect(behind.Object(ctx, us, desired)).To(Equal(apply.Created))
		Expect(behind.Object(ctx, us, desired)).To(Equal(apply.Unchanged))
	})

	It("cannot be made where the API server refuses it, and the error says so", func(ctx SpecContext) {
		invalid := generated(us, namespace, "a", map[string]any{"no/key": "value"})
		_, err := writer.Object(ctx, us, invalid)
		Expect(apply.IsDenied(err)).To(BeTrue(), "%v", err)
		Expect(err.Error()).To(ContainSubstring(apply.Describe(invalid)))
	})

	It("cannot be read where reading fails, and the error names it", func(ctx SpecContext) {
		broken := apply.Writer{Client: interceptor.NewClient(ours, interceptor.Funcs{
			Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
				return apierrors.NewInternalError(http.ErrServerClosed)
			},
		})}
		broken.Live = broken.Client
		desired := generated(us, namespace, "a", nil)
		_, err := broken.Object(ctx, us, desired)
		Expect(err).To(MatchError(ContainSubstring("ConfigMap " + namespace + "/a")))
		_, err = broken.Conflicts(ctx, us, []*unstructured.Unstructured{desired})
		Expect(err).To(HaveOccurred())
		Expect(broken.Delete(ctx, us, entryOf(desired))).NotTo(Succeed())
		Expect(broken.Orphan(ctx, us, entryOf(desired))).NotTo(Succeed())
		_, err = broken.Release(ctx, apply.Claim{Entry: entryOf(desired)})
		Expect(err).To(HaveOccurred())
	})

	It("is deleted, and deleting it again does nothing", func(ctx SpecContext) {
		desired := generated(us, namespace, "a", nil)
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Created))
		Expect(writer.Delete(ctx, us, entryOf(desired))).To(Succeed())
		expect.ExpectNotFound(ctx, testEnv.Client, desired)
		writes.Reset()
		Expect(writer.Delete(ctx, us, entryOf(desired))).To(Succeed())
		Expect(writes.Writes()).To(BeEmpty())
	})

	It("is not deleted once it is a stranger's", func(ctx SpecContext) {
		stranger := configMap(namespace, "a", nil)
		Expect(testEnv.Client.Create(ctx, stranger)).To(Succeed())
		Expect(writer.Delete(ctx, us, entryOf(stranger))).To(Succeed())
		Expect(writer.Orphan(ctx, us, entryOf(stranger))).To(Succeed())
		expect.ExpectExists(ctx, testEnv.Client, stranger)
		Expect(writes.Writes()).To(BeEmpty())
	})

	It("is not deleted where it changed hands after it was looked at", func(ctx SpecContext) {
		desired := generated(us, namespace, "a", nil)
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Created))
		handedOver := apply.Writer{Client: ours, Live: interceptor.NewClient(ours, interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
				err := c.Get(ctx, key, obj, opts...)
				stolen := obj.DeepCopyObject().(client.Object)
				stolen.SetLabels(nil)
				stolen.SetOwnerReferences(nil)
				Expect(testEnv.Client.Update(ctx, stolen)).To(Succeed())
				return err
			},
		})}
		err := handedOver.Delete(ctx, us, entryOf(desired))
		Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
		expect.ExpectExists(ctx, testEnv.Client, desired)
		Expect(writer.Delete(ctx, us, entryOf(desired))).To(Succeed())
		expect.ExpectExists(ctx, testEnv.Client, desired)
	})

	It("is not deleted where it was made anew after it was looked at", func(ctx SpecContext) {
		desired := generated(us, namespace, "a", nil)
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Created))
		madeAnew := apply.Writer{Client: ours, Live: interceptor.NewClient(ours, interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
				err := c.Get(ctx, key, obj, opts...)
				Expect(testEnv.Client.Delete(ctx, configMap(key.Namespace, key.Name, nil))).To(Succeed())
				Expect(testEnv.Client.Create(ctx, configMap(key.Namespace, key.Name, nil))).To(Succeed())
				return err
			},
		})}
		Expect(madeAnew.Delete(ctx, us, entryOf(desired))).To(Succeed(), "ours is gone")
		expect.ExpectExists(ctx, testEnv.Client, desired)
	})

	It("is orphaned without a mark of ours, and with everything else", func(ctx SpecContext) {
		desired := generated(us, namespace, "a", map[string]any{"key": "value"})
		Expect(writer.Object(ctx, us, desired)).To(Equal(apply.Created))
		live := expect.ExpectExists(ctx, testEnv.Client, desired)
		live.SetLabels(map[string]string{
			v1alpha1.OwnerLabel: us.Hash(), v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue, "theirs": "label",
		})
		Expect(testEnv.Client.Update(ctx, live)).To(Succeed())

		Expect(writer.Orphan(ctx, us, entryOf(desired))).To(Succeed())
		live = expect.ExpectExists(ctx, testEnv.Client, desired)
		Expect(live.GetLabels()).To(Equal(map[string]string{"theirs": "label"}))
		Expect(live.GetAnnotations()).To(BeEmpty())
		Expect(live.GetOwnerReferences()).To(BeEmpty())
		Expect(live.Object["data"]).To(Equal(map[string]any{"key": "value"}))

		By("it is a stranger's from now on")
		_, err := writer.Object(ctx, us, desired)
		var conflict *apply.ObjectConflictError
		Expect(err).To(BeAssignableToTypeOf(conflict))
	})

	It("needs nothing once its Namespace is being deleted, or its kind is gone", func(ctx SpecContext) {
		unknown := inventory.Entry(schema.GroupVersionKind{Group: "gone.example.com", Version: "v1", Kind: "Route"}, namespace, "a")
		Expect(writer.Delete(ctx, us, unknown)).To(Succeed(), "a kind that was never served")
		Expect(writer.Orphan(ctx, us, unknown)).To(Succeed())
		Expect(writer.Release(ctx, apply.Claim{Entry: unknown, UID: "a", Manager: "meshingress:a"})).To(Equal(apply.Unchanged))

		By("a kind that was served when we last asked")
		Expect(testEnv.InstallCRDs(ctx, crds.Contour)).To(Succeed())
		gone := inventory.Entry(schema.GroupVersionKind{Group: "projectcontour.io", Version: "v1", Kind: "HTTPProxy"}, namespace, "a")
		Expect(writer.Delete(ctx, us, gone)).To(Succeed())
		Expect(testEnv.RemoveCRDs(ctx, crds.Contour)).To(Succeed())
		Expect(writer.Delete(ctx, us, gone)).To(Succeed())
		Expect(writer.Orphan(ctx, us, gone)).To(Succeed())
		Expect(writer.Release(ctx, apply.Claim{Entry: gone, UID: "a", Manager: "meshingress:a"})).To(Equal(apply.Unchanged))
		Expect(writes.Writes()).To(BeEmpty())

		By("a Namespace that never was")
		nowhere := entryOf(configMap("nowhere", "a", nil))
		Expect(writer.Delete(ctx, us, nowhere)).To(Succeed())
		Expect(writer.Orphan(ctx, us, nowhere)).To(Succeed())
	})
})

var _ = DescribeTable("Describe names an object for people",
	func(obj client.Object, want string) { Expect(apply.Describe(obj)).To(Equal(want)) },
	Entry("in a Namespace", configMap("shop", "web", nil), "ConfigMap shop/web"),
	Entry("of the cluster", clusterScoped("IngressClass", "web"), "IngressClass web"),
)

var _ = DescribeTable("A field manager fits into the 128 bytes that the API server takes",
	func(ctx SpecContext, manager string) {
		cm := newConfigMap(ctx, newNamespace(ctx), nil)
		Expect(len(manager)).To(BeNumerically("<=", 128))
		_, err := writer.Fields(ctx, claimOn(cm, manager, map[string]any{"key": "value"}), cm)
		Expect(err).NotTo(HaveOccurred())
	},
	Entry("of objects", v1alpha1.FieldManager),
	Entry("of a UID", apply.ManagerFor("0c1f2a3b-aaaa-bbbb-cccc-111122223333")),
	Entry("of the longest UID that a status takes", apply.ManagerFor(longestUID)),
)

const longestUID = "0123456789012345678901234567890123456789012345678901234567890123"

func clusterScoped(kind, name string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{}
	obj.SetKind(kind)
	obj.SetName(name)
	return obj
}
