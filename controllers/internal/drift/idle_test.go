// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/controllers/internal/drift"
	"github.com/meshingress/meshingress/internal/render"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

const stranger = "somebody"

// The golden cases of the vendors are everything that is ever generated.
var _ = Describe("What a vendor's plan applies", func() {
	for _, path := range cases() {
		It("is as desired when it is read back: "+path, func(ctx SpecContext) {
			for _, desired := range planned(path) {
				ensureNamespace(ctx, desired.GetNamespace())
				applyAs(ctx, manager, desired)
				live := read(ctx, desired)
				Expect(drift.Differs(desired.Object, live, manager)).To(BeFalse(), "right after the apply of %s", desired.GetName())

				By("and so it is after a stranger has added fields to it")
				patch(ctx, live, stranger, func(o *unstructured.Unstructured) {
					Expect(unstructured.SetNestedField(o.Object, "theirs", "metadata", "annotations", "example.com/extra")).To(Succeed())
					o.SetOwnerReferences(append(o.GetOwnerReferences(), metav1.OwnerReference{
						APIVersion: "v1", Kind: "ConfigMap", Name: "other", UID: types.UID("b"),
					}))
				})
				live = read(ctx, desired)
				Expect(live.GetAnnotations()).To(HaveKey("example.com/extra"))
				Expect(drift.Differs(desired.Object, live, manager)).To(BeFalse(), "after a stranger's fields on %s", desired.GetName())

				By("and not after any of its values has changed")
				for _, leaf := range leaves(desired.Object) {
					altered := desired.DeepCopy()
					changeLeaf(altered.Object, leaf)
					Expect(drift.Differs(altered.Object, live, manager)).To(BeTrue(), "with another %s", strings.Join(leaf, "."))
				}

				By("and not when a field is no longer desired")
				for _, leaf := range leaves(desired.Object) {
					less := desired.DeepCopy()
					unstructured.RemoveNestedField(less.Object, leaf...)
					Expect(drift.Differs(less.Object, live, manager)).To(BeTrue(), "without %s", strings.Join(leaf, "."))
				}
				Expect(testEnv.Client.Delete(ctx, live)).To(Succeed())
			}
		})
	}
})

var _ = Describe("Owner references", func() {
	It("may be added by others", func(ctx SpecContext) {
		ensureNamespace(ctx, "owned")
		desired := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{
				"name": "ours", "namespace": "owned",
				"ownerReferences": []any{map[string]any{
					"apiVersion": "networking.meshingress.dev/v1alpha1", "kind": "MeshIngress", "name": "web", "uid": "a", "controller": true,
				}},
			},
		}}
		applyAs(ctx, manager, desired)
		live := read(ctx, desired)
		patch(ctx, live, stranger, func(o *unstructured.Unstructured) {
			refs := []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "other", UID: "b"}}
			o.SetOwnerReferences(append(refs, o.GetOwnerReferences()...))
		})
		live = read(ctx, desired)
		Expect(live.GetOwnerReferences()).To(HaveLen(2))
		Expect(drift.Differs(desired.Object, live, manager)).To(BeFalse())

		By("but ours may not be taken off")
		patch(ctx, live, stranger, func(o *unstructured.Unstructured) { o.SetOwnerReferences(o.GetOwnerReferences()[:1]) })
		Expect(drift.Differs(desired.Object, read(ctx, desired), manager)).To(BeTrue())
	})
})

var _ = Describe("A list with keys", func() {
	It("is ours by item, and its defaults are the server's", func(ctx SpecContext) {
		ensureNamespace(ctx, "keys")
		desired := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Service",
			"metadata": map[string]any{"name": "web", "namespace": "keys"},
			"spec": map[string]any{"ports": []any{
				map[string]any{"name": "http", "port": int64(80)}, map[string]any{"name": "https", "port": int64(443)},
			}},
		}}
		applyAs(ctx, manager, desired)
		live := read(ctx, desired)
		Expect(live.Object["spec"]).To(HaveKey("clusterIP"), "a default, to make sure that there are some")
		Expect(drift.Differs(desired.Object, live, manager)).To(BeFalse())

		less := desired.DeepCopy()
		Expect(unstructured.SetNestedSlice(less.Object, []any{map[string]any{"name": "http", "port": int64(80)}}, "spec", "ports")).
			To(Succeed())
		Expect(drift.Differs(less.Object, live, manager)).To(BeTrue())
	})
})

// cases lists the inputs of all vendors that plan an object.
func cases() []string {
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "providers", "*", "testdata", "*.in.yaml"))
	if err != nil || len(paths) == 0 { // before Ginkgo can fail
		panic("there are no golden cases")
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		golden, err := os.ReadFile(strings.TrimSuffix(path, ".in.yaml") + ".out.yaml")
		return err != nil || !bytes.Contains(golden, []byte("kind: "))
	})
}

// planned renders a case, and gives the objects their owner's marks.
func planned(path string) []*unstructured.Unstructured {
	GinkgoHelper()
	registry, err := all.New()
	Expect(err).NotTo(HaveOccurred())
	renderer, err := render.New(registry)
	Expect(err).NotTo(HaveOccurred())
	data, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	documents, err := render.Parse(path, bytes.NewReader(data))
	Expect(err).NotTo(HaveOccurred())
	out, err := renderer.Render(documents, render.Options{Served: servedIn(string(data))})
	Expect(err).NotTo(HaveOccurred())
	var objects []*unstructured.Unstructured
	for _, mi := range out.MeshIngresses {
		for _, o := range mi.Objects {
			objects = append(objects, &unstructured.Unstructured{Object: o})
		}
	}
	for _, class := range out.Classes {
		for _, o := range class.Objects {
			objects = append(objects, &unstructured.Unstructured{Object: o})
		}
	}
	return objects
}

// servedIn reads the comment of a case that says what is served; nil is everything.
func servedIn(input string) []providers.Kind {
	GinkgoHelper()
	for line := range strings.Lines(input) {
		if list, ok := strings.CutPrefix(line, "# served:"); ok {
			kinds, err := render.ParseServed(strings.TrimSpace(list))
			Expect(err).NotTo(HaveOccurred())
			return kinds
		}
	}
	return nil
}

// leaves lists the paths of what is desired, but for what names the object. A list
// is one leaf.
func leaves(node map[string]any, prefix ...string) [][]string {
	identity := []string{"apiVersion", "kind", "metadata.name", "metadata.namespace"}
	var found [][]string
	for _, key := range slices.Sorted(maps.Keys(node)) {
		path := append(slices.Clone(prefix), key)
		if child, ok := node[key].(map[string]any); ok {
			found = append(found, leaves(child, path...)...)
		} else if !slices.Contains(identity, strings.Join(path, ".")) {
			found = append(found, path)
		}
	}
	return found
}

func changeLeaf(node map[string]any, path []string) {
	GinkgoHelper()
	value, there, err := unstructured.NestedFieldCopy(node, path...)
	Expect(err).NotTo(HaveOccurred())
	Expect(there).To(BeTrue())
	Expect(unstructured.SetNestedField(node, changed(value), path...)).To(Succeed())
}

// changed is another value of the same shape, different in one place.
func changed(value any) any {
	switch v := value.(type) {
	case string:
		return v + "-changed"
	case bool:
		return !v
	case int64:
		return v + 1
	case []any:
		v[len(v)-1] = changed(v[len(v)-1])
		return v
	case map[string]any:
		last := slices.Max(slices.Collect(maps.Keys(v)))
		v[last] = changed(v[last])
		return v
	}
	Fail(fmt.Sprintf("a plan holds a %T", value))
	return nil
}

func ensureNamespace(ctx SpecContext, name string) {
	GinkgoHelper()
	Expect(client.IgnoreAlreadyExists(testEnv.Client.Create(ctx, builders.Namespace(name)))).To(Succeed())
}

func applyAs(ctx SpecContext, owner string, object *unstructured.Unstructured) {
	GinkgoHelper()
	body := client.ApplyConfigurationFromUnstructured(object.DeepCopy())
	Expect(testEnv.Client.Apply(ctx, body, client.FieldOwner(owner), client.ForceOwnership)).To(Succeed())
}

func read(ctx SpecContext, object *unstructured.Unstructured) *unstructured.Unstructured {
	GinkgoHelper()
	return expect.ExpectExists(ctx, testEnv.Client, object)
}

// patch changes an object as another manager.
func patch(ctx SpecContext, live *unstructured.Unstructured, owner string, edit func(*unstructured.Unstructured)) {
	GinkgoHelper()
	edited := live.DeepCopy()
	edit(edited)
	Expect(testEnv.Client.Patch(ctx, edited, client.MergeFrom(live), client.FieldOwner(owner))).To(Succeed())
}
