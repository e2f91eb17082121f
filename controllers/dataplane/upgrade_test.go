// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = It("A class follows an upgrade of its ingress controller", func(ctx SpecContext) {
	installLinkerd(ctx)
	install(ctx, fixtures.Traefik)
	class := newClass(ctx, "traefik", v1alpha1.VendorTraefik)
	settle(ctx, class)
	rollOut(ctx, traefikWorkload)
	settle(ctx, class)
	expectReady(ctx, class)
	annotations := linkerdAnnotations(ctx, traefikWorkload)

	By("upgrading it")
	edit(ctx, deployment(traefikWorkload), func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Image = "traefik:v3.99.0"
	})
	operator.Writes.Reset()
	settle(ctx, class)
	Expect(latest(ctx, class).Status.VendorVersion).To(Equal("v3.99.0"))
	expect.ExpectCondition(ctx, testEnv.Client, class,
		v1alpha1.ConditionMeshed, metav1.ConditionFalse, v1alpha1.ReasonRolloutInProgress)
	Expect(operator.Writes.Writes()).NotTo(ContainElement("PATCH " + pathOf(traefikWorkload)))

	By("waiting for its pods")
	rollOut(ctx, traefikWorkload)
	settle(ctx, class)
	expectReady(ctx, class)
	Expect(linkerdAnnotations(ctx, traefikWorkload)).To(Equal(annotations))
})
