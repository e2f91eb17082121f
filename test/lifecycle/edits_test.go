// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"encoding/json"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// editedKey is the annotation that users set.
const editedKey = "example.com/edited"

// edit is something that a user sets, and takes back.
type edit struct {
	place
	value any

	// keep is how much of the path was there before; what is deeper goes with the
	// value when it is taken back.
	keep int
}

// setting is an edit of a field in a map that is there, or that Kubernetes drops when
// it is empty.
func setting(object *unstructured.Unstructured, value any, path ...string) edit {
	return edit{place{object, path}, value, len(path) - 1}
}

// keeping is the same edit where only so much of its path is there.
func (e edit) keeping(keep int) edit {
	e.keep = keep
	return e
}

// annotated is an annotation on an object.
func annotated(object *unstructured.Unstructured) edit {
	return setting(object, "yes", "metadata", "annotations", editedKey)
}

// beside is an annotation in the same map as those for the injector.
func beside(target place) edit {
	return setting(target.object, "yes", append(slices.Clone(target.path), editedKey)...)
}

func (e edit) do(ctx context.Context) {
	GinkgoHelper()
	patch(ctx, e.object, e.value, e.path)
}

func (e edit) undo(ctx context.Context) {
	GinkgoHelper()
	patch(ctx, e.object, nil, e.path[:e.keep+1])
}

// patch is a merge patch of one field, as of kubectl annotate and kubectl patch; nil
// takes it away.
func patch(ctx context.Context, object *unstructured.Unstructured, value any, path []string) {
	GinkgoHelper()
	for _, name := range slices.Backward(path) {
		value = map[string]any{name: value}
	}
	body, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	as := client.FieldOwner("kubectl-patch")
	Expect(user.Patch(ctx, object.DeepCopy(), client.RawPatch(types.MergePatchType, body), as)).
		To(Succeed(), "patching %s %s with %s", object.GetKind(), object.GetName(), body)
}

// edit makes every edit of users.
func (s scenario) edit(ctx context.Context) {
	GinkgoHelper()
	for _, e := range s.edits {
		e.do(ctx)
	}
	s.upgrade(ctx, 3)
}

// undo takes them back, the last first.
func (s scenario) undo(ctx context.Context) {
	GinkgoHelper()
	for _, e := range slices.Backward(s.edits) {
		e.undo(ctx)
	}
	s.upgrade(ctx, 0)
}

// upgrade applies the fixture again, as Helm does, with another value in the workload.
// Namespaces Helm leaves alone.
func (s scenario) upgrade(ctx context.Context, historyLimit int64) {
	GinkgoHelper()
	found := false
	for _, o := range s.objects() {
		if o.GetKind() == "Namespace" {
			continue
		}
		if o.GetKind() == s.workload.GetKind() && o.GetName() == s.workload.GetName() {
			found = true
			if historyLimit > 0 {
				Expect(unstructured.SetNestedField(o.Object, historyLimit, "spec", "revisionHistoryLimit")).To(Succeed())
			}
		}
		applyAs(ctx, helm, o)
	}
	Expect(found).To(BeTrue(), "the fixture has no workload %s", s.workload.GetName())
}

// own makes an object look as if the controller of another had made it.
func own(ctx context.Context, owner, object *unstructured.Unstructured) {
	GinkgoHelper()
	live := owner.DeepCopy()
	Expect(user.Get(ctx, client.ObjectKeyFromObject(owner), live)).To(Succeed())
	before := object.DeepCopy()
	Expect(user.Get(ctx, client.ObjectKeyFromObject(before), before)).To(Succeed())
	after := before.DeepCopy()
	after.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(live, live.GroupVersionKind())})
	Expect(user.Patch(ctx, after, client.MergeFrom(before), client.FieldOwner("its-controller"))).To(Succeed())
}
