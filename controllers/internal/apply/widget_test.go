// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
)

// Fields of a widget that Helm has set, text to "theirs" and other to "1".
const (
	text  = "text"
	other = "other"
)

// widget is an object of a namespace of its own, as it was when Helm had made it.
type widget struct{ before *unstructured.Unstructured }

func newWidget(ctx SpecContext) widget {
	GinkgoHelper()
	obj := widgets().in(newNamespace(ctx), "theirs")
	Expect(helm(ctx, obj, nil)).To(Succeed())
	return widget{get(ctx, obj)}
}

func (w widget) now(ctx SpecContext) *unstructured.Unstructured {
	GinkgoHelper()
	return get(ctx, w.before)
}

// spec is empty where there is none.
func (w widget) spec(ctx SpecContext) map[string]any {
	GinkgoHelper()
	spec, found, err := unstructured.NestedMap(w.now(ctx).Object, "spec")
	Expect(err).NotTo(HaveOccurred())
	if !found {
		return map[string]any{}
	}
	return spec
}

// config is what somebody could apply to it, with the text.
func (w widget) config(text any) *unstructured.Unstructured {
	GinkgoHelper()
	return widgets().in(w.before.GetNamespace(), text)
}

// claim is a claim on fields of its spec; nil is none.
func (w widget) claim(spec map[string]any) apply.Claim {
	if spec == nil {
		return claimFields(w.before, nil)
	}
	return claimFields(w.before, map[string]any{"spec": spec})
}

// taken is what a claim would take.
func (w widget) taken(ctx SpecContext, spec map[string]any) []v1alpha1.OverriddenField {
	GinkgoHelper()
	fields, err := apply.Taken(w.claim(spec), w.now(ctx), nil)
	Expect(err).NotTo(HaveOccurred())
	return fields
}

func (w widget) conflictOn(field, who string) error {
	return &apply.FieldConflictError{Object: "Widget " + w.before.GetNamespace() + "/web", Field: field, Manager: who}
}

// sets changes a field of its spec as a user with kubectl does: all of it at once.
func (w widget) sets(ctx SpecContext, who, field string, value any) {
	GinkgoHelper()
	w.edit(ctx, who, func(spec map[string]any) { spec[field] = value })
}

func (w widget) edit(ctx SpecContext, who string, change func(spec map[string]any)) {
	GinkgoHelper()
	live := w.now(ctx)
	spec, ok := live.Object["spec"].(map[string]any)
	Expect(ok).To(BeTrue())
	change(spec)
	Expect(testEnv.Client.Update(ctx, live, client.FieldOwner(who))).To(Succeed())
}
