// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Where the operator's fields are depends on what the Gateway names.
var _ = Describe("An EnvoyProxy", func() {
	It("is what it was once the Gateway names another, or none", func(ctx SpecContext) {
		s := envoyGateway("", toClusterIP).injectedByProxy()
		other := s
		other.target.object = s.target.object.DeepCopy()
		other.target.object.SetName("other")
		s.adapt = func(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
			proxy := other.target.object.DeepCopy()
			proxy.Object["spec"] = map[string]any{"provider": map[string]any{"type": "Kubernetes"}}
			return append(objects, proxy)
		}
		w := s.begin(ctx)
		w.injects(ctx, s.injected())

		By("another")
		s.link(ctx, "other")
		eventually(ctx, other.annotations).Should(Equal(s.injected()))
		eventually(ctx, routing(other.target.object).value).Should(Equal("Service"))
		before := w.before["EnvoyProxy.gateway.envoyproxy.io infra/public"].Object["spec"]
		eventually(ctx, place{s.target.object, []string{"spec"}}.value).Should(Equal(before))
		By("none")
		s.link(ctx, "")
		eventually(ctx, routing(other.target.object).value).Should(BeNil())
		eventually(ctx, kinds, w.mi).Should(ConsistOf("HTTPRoute", "BackendTrafficPolicy"))
		becomes(ctx, w.class, v1alpha1.ConditionMeshed, "False "+v1alpha1.ReasonInjectionBlocked)
		By("the first again")
		s.link(ctx, s.target.object.GetName())
		w.injects(ctx, s.injected())
		eventually(ctx, routing(s.target.object).value).Should(Equal("Service"))
		eventually(ctx, kinds, w.mi).Should(ConsistOf("HTTPRoute"))

		remove(ctx, w.mi, w.class)
		expectEqual(w.before, snapshot(ctx))
	})
})

func routing(o *unstructured.Unstructured) place { return place{o, []string{"spec", "routingType"}} }

// link applies the Gateway with the name of an EnvoyProxy, or without any.
func (s scenario) link(ctx context.Context, name string) {
	GinkgoHelper()
	for _, o := range s.objects() {
		if o.GetKind() != "Gateway" {
			continue
		}
		if name == "" {
			unstructured.RemoveNestedField(o.Object, "spec", "infrastructure")
		} else {
			Expect(unstructured.SetNestedField(o.Object, name, "spec", "infrastructure", "parametersRef", "name")).To(Succeed())
		}
		applyAs(ctx, helm, o)
	}
}

// kinds of what is made for a MeshIngress.
func kinds(ctx context.Context, mi *v1alpha1.MeshIngress) []string {
	var all []string
	for _, o := range generated(ctx, mi) {
		all = append(all, o.GetKind())
	}
	return all
}
