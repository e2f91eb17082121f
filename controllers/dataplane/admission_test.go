// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/apply"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/test/fixtures"
)

const refusal = "only the platform team rolls out ingress controllers"

var _ = Describe("An admission policy that refuses what the operator writes", func() {
	denied := v1alpha1.ReasonAdmissionDenied

	BeforeEach(func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.Traefik)
		keepAddress(ctx, "traefik", "traefik")
	})

	DescribeTable("is told with its text and the remedy, until it lets the operator in",
		func(ctx SpecContext, reason metav1.StatusReason, meshed string) {
			letIn := byPolicy(reason)(ctx, traefikRefused())
			class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
			result := settle(ctx, class)
			Expect(result.RequeueAfter).To(Equal(base.RetryDenied))
			expectUnmeshed(ctx, class, meshed, refusal, "Deployment traefik/traefik")
			expectHazard(ctx, class, denied, refusal, "exempt the operator's ServiceAccount", "Deployment traefik/traefik")
			Expect(events(denied)).To(HaveLen(1))

			letIn(ctx)
			settle(ctx, class)
			Expect(latest(ctx, class).Status.Hazards).To(BeEmpty())
			Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKey(inject))
		},
		Entry("as Invalid, by default", metav1.StatusReasonInvalid, v1alpha1.ReasonApplyFailed),
		Entry("as Forbidden", metav1.StatusReasonForbidden, v1alpha1.ReasonForbidden),
		Entry("as too large", metav1.StatusReasonRequestEntityTooLarge, v1alpha1.ReasonApplyFailed),
	)

	It("is not asked again at each event of the workload", func(ctx SpecContext) {
		letIn := byPolicy(metav1.StatusReasonInvalid)(ctx, traefikRefused())
		now := clocktesting.NewFakePassiveClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		reconciler.Denials = apply.NewDenials(base.RetryDenied, now)
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		rollOut(ctx, traefikWorkload)
		settle(ctx, class)
		operator.Writes.Reset()
		for i := range int32(20) {
			sayProgress(ctx, i+1)
			result := settle(ctx, class)
			Expect(result.RequeueAfter).To(Equal(base.RetryDenied))
			expectUnmeshed(ctx, class, v1alpha1.ReasonApplyFailed, refusal)
		}
		Expect(operator.Writes.Writes()).To(BeEmpty(), "neither the workload nor the status")
		Expect(events(denied)).To(HaveLen(1))

		By("the time to try again comes")
		now.SetTime(now.Now().Add(base.RetryDenied))
		settle(ctx, class)
		Expect(workloadWrites()).To(HaveLen(1))
		letIn(ctx)
		now.SetTime(now.Now().Add(base.RetryDenied))
		settle(ctx, class)
		Expect(linkerdAnnotations(ctx, traefikWorkload)).To(HaveKey(inject))
		Expect(hazards(ctx, class, denied)).To(BeEmpty())
	})

	It("is another thing than a missing permission", func(ctx SpecContext) {
		forbid(ctx, "deployments")
		class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
		settle(ctx, class)
		expectUnmeshed(ctx, class, v1alpha1.ReasonForbidden, "cannot patch resource")
		Expect(latest(ctx, class).Status.Hazards).To(BeEmpty())
	})
})

// sayProgress changes the status of a workload as its controller does while it rolls out.
func sayProgress(ctx SpecContext, i int32) {
	GinkgoHelper()
	d := latest(ctx, deployment(traefikWorkload))
	d.Status.TerminatingReplicas = &i
	Expect(testEnv.Client.Status().Update(ctx, d)).To(Succeed())
}
