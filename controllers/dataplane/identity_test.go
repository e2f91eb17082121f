// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = It("A workload that names no ServiceAccount has the identity of the default one", func(ctx SpecContext) {
	installLinkerd(ctx)
	install(ctx, fixtures.Traefik)
	workload := &appsv1.Deployment{}
	workload.Namespace, workload.Name = traefikWorkload.Namespace, traefikWorkload.Name
	edit(ctx, workload, func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.ServiceAccountName, d.Spec.Template.Spec.DeprecatedServiceAccount = "", ""
	})
	class := newClass(ctx, "public", v1alpha1.VendorTraefik)
	settle(ctx, class)
	Expect(latest(ctx, class).Status.Workloads).To(HaveExactElements(HaveField("ServiceAccountName", "default")))
})
