// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"encoding/json"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

// maxTries is how often a reconcile may fail for one fault.
const maxTries = 10

var _ = Describe("A crash", func() {
	DescribeTable("before or after any write changes nothing in the end", func(ctx SpecContext, v vendorCase) {
		class := createClass(ctx, v)
		isMeshed(ctx, class, v)

		operator.Writes.Reset()
		want := tellStory(ctx, class, v)
		writes := len(operator.Writes.Writes())
		Expect(writes).To(BeNumerically(">", 8))
		for n := 1; n <= writes; n++ {
			for how, fail := range map[string]func(int){
				"before": operator.Faults.FailWrite, "after": operator.Faults.LoseAnswer,
			} {
				fail(n)
				Expect(tellStory(ctx, class, v)).To(Equal(want), "failed %s write %d of %d", how, n, writes)
				Expect(operator.Faults.Pending()).To(BeFalse(), "write %d did not happen", n)
			}
		}
	},
		Entry("of objects of two kinds", traefikHeader()),
		Entry("of objects that are read before", contour()),
	)

	forEachVendor("after the record leaves the inventory of what was about to be written", func(ctx SpecContext, v vendorCase) {
		var recorded []v1alpha1.InventoryEntry
		mi := create(ctx, web(createClass(ctx, v), v.extra))
		reconciler.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
			Apply: func(ctx context.Context, _ client.WithWatch, _ runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
				recorded = expect.ExpectExists(ctx, user, mi).Status.Inventory
				return controllertest.ErrInjected
			},
		})
		_, err := controllertest.Reconcile(ctx, reconciler, mi)
		Expect(err).To(MatchError(controllertest.ErrInjected))
		Expect(recorded).To(HaveLen(len(v.kinds) + 1))
		Expect(routeObjects(ctx)).To(BeEmpty())

		reconciler.Client = operator.Client
		mi, _ = settle(ctx, mi)
		Expect(mi.Status.Inventory).To(Equal(recorded))
		Expect(operator.Metric("meshingress_drift_corrections_total", v.route)).To(BeZero())
	})

	It("between record and write is cleaned up by a deletion", func(ctx SpecContext) {
		mi := create(ctx, web(createClass(ctx, traefikHeader())))
		operator.Faults.LoseAnswer(3) // the first object
		_, err := controllertest.Reconcile(ctx, reconciler, mi)
		Expect(err).To(MatchError(controllertest.ErrInjected))
		Expect(routeObjects(ctx)).To(HaveLen(1))
		remove(ctx, mi)
		Expect(routeObjects(ctx)).To(BeEmpty())
	})
})

// tellStory creates a MeshIngress, changes it and deletes it, and describes what
// was there after each step.
func tellStory(ctx context.Context, class *v1alpha1.MeshIngressClass, v vendorCase) []string {
	GinkgoHelper()
	mi := web(class, v.extra)
	Expect(user.Create(ctx, mi)).To(Succeed())
	persist(ctx, mi)
	chapters := []string{describeState(ctx, mi)}

	change(ctx, mi, withSpec(builders.WithRule("example.com", "/", "voting-svc", "prom")))
	persist(ctx, mi)
	chapters = append(chapters, describeState(ctx, mi))

	expect.ExpectDeleted(ctx, user, mi)
	persist(ctx, mi)
	expect.ExpectNotFound(ctx, user, mi)
	Expect(routeObjects(ctx)).To(BeEmpty())
	return chapters
}

// persist reconciles until nothing is written any more, as a queue does that tries
// again after an error.
func persist(ctx context.Context, mi *v1alpha1.MeshIngress) {
	GinkgoHelper()
	for range maxTries {
		if _, err := controllertest.Reconcile(ctx, reconciler, mi); err == nil {
			operator.ReconcileUntilSettled(ctx, reconciler, mi)
			return
		}
	}
	Fail("every reconcile failed")
}

// describeState is the MeshIngress's status and the generated objects as JSON,
// without what differs between two objects of one name.
func describeState(ctx context.Context, mi *v1alpha1.MeshIngress) string {
	GinkgoHelper()
	current := expect.ExpectExists(ctx, user, mi)
	for i := range current.Status.Conditions {
		current.Status.Conditions[i].LastTransitionTime = metav1.Time{}
	}
	objects := routeObjects(ctx)
	for _, o := range objects {
		o.SetResourceVersion("")
		o.SetUID("")
		o.SetGeneration(0)
		o.SetCreationTimestamp(metav1.Time{})
		fields := o.GetManagedFields()
		for i := range fields {
			fields[i].Time = nil
		}
		o.SetManagedFields(fields)
	}
	text, err := json.MarshalIndent(map[string]any{"status": current.Status, "objects": objects}, "", " ")
	Expect(err).NotTo(HaveOccurred())
	return strings.ReplaceAll(string(text), string(current.UID), "<uid>")
}
