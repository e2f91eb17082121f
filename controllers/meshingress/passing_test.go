// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("A hindrance that passes", func() {
	It("waits for the caches of the vendor's kinds, and writes nothing before", func(ctx SpecContext) {
		mi := create(ctx, web(createClass(ctx, contour())))
		operator.Watches.Waiting = true
		result := reconcileOnce(ctx, mi)
		Expect(result.RequeueAfter).NotTo(BeZero())
		Expect(result.RequeueAfter).To(BeNumerically("<", longRetry))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionUnknown, v1alpha1.ReasonPending)
		Expect(routeObjects(ctx)).To(BeEmpty())

		operator.Watches.Waiting = false
		settle(ctx, mi)
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		Expect(operator.Watches.Kinds()).To(ContainElement(routeObject(ctx, contour()).GroupVersionKind()))
	})

	DescribeTable("leaves the status and the objects as they are, and is tried again",
		func(ctx SpecContext, v vendorCase, hinder func()) {
			class := createClass(ctx, v)
			isMeshed(ctx, class, v)
			mi, _ := settle(ctx, create(ctx, web(class)))
			before := versionsOf(routeObjects(ctx))
			change(ctx, mi, func(mi *v1alpha1.MeshIngress) { v.extra(mi) })
			changed := expect.ExpectExists(ctx, user, mi)

			hinder()
			operator.Writes.Reset()
			_, err := controllertest.Reconcile(ctx, reconciler, mi)
			Expect(err).To(MatchError(errBusy))
			Expect(expect.ExpectExists(ctx, user, mi).Status).To(Equal(changed.Status))
			Expect(versionsOf(routeObjects(ctx))).To(Equal(before))
			Expect(operator.Writes.Writes()).To(BeEmpty())

			reconciler.Client, operator.Watches.Err = operator.Client, nil
			settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		},
		Entry("where what is read cannot be watched", contour(), func() { operator.Watches.Err = errBusy }),
		Entry("where what is written cannot be watched", traefikHeader(), func() { operator.Watches.Err = errBusy }),
		Entry("where the class cannot be read", ingressNginx(), failRead("*v1alpha1.MeshIngressClass")),
		Entry("where the classes cannot be read", ingressNginx(), failRead("*v1alpha1.MeshIngressClassList")),
		Entry("where a Service cannot be read", ingressNginx(), failRead("*v1.Service")),
		Entry("where the Namespace cannot be read", ingressNginx(), failRead("*v1.Namespace")),
		Entry("where a CRD cannot be read", contour(), failRead("*v1.CustomResourceDefinition")),
		Entry("where other MeshIngresses cannot be read", ingressNginx(), failRead("*v1alpha1.MeshIngressList")),
		Entry("where objects of others cannot be read", contour(), failRead("*unstructured.UnstructuredList")),
		Entry("where the objects cannot be read", traefikHeader(), failRead("*unstructured.Unstructured")),
	)
})

var errBusy = errors.New("the API server is busy")

// failRead makes the reads of these Go types fail.
func failRead(types ...string) func() {
	fails := func(object any) bool { return slices.Contains(types, fmt.Sprintf("%T", object)) }
	return func() {
		reconciler.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
				if fails(o) {
					return errBusy
				}
				return c.Get(ctx, key, o, opts...)
			},
			List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
				if fails(l) {
					return errBusy
				}
				return c.List(ctx, l, opts...)
			},
		})
	}
}
