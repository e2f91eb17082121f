// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

var _ = Describe("A class that leaves while somebody changes what it has made", func() {
	It("looks again soon, and says nothing of it", func(ctx SpecContext) {
		installLinkerd(ctx)
		install(ctx, fixtures.IngressNginx)
		class := newHeaderClass(ctx)
		settle(ctx, class)
		rollOut(ctx, nginxWorkload)
		settle(ctx, class)
		expect.ExpectDeleted(ctx, testEnv.Client, class)
		settle(ctx, class)
		rollOut(ctx, nginxWorkload)

		edits := 0
		reconciler.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
			Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
				if edits++; edits == 1 {
					current := expect.ExpectExists(ctx, testEnv.Client, obj.DeepCopyObject().(client.Object))
					current.SetAnnotations(map[string]string{"theirs": "new"})
					Expect(testEnv.Client.Update(ctx, current)).To(Succeed())
				}
				return c.Delete(ctx, obj, opts...)
			},
		})
		before := latest(ctx, class).Status.Conditions
		result, err := reconcileOnce(ctx, class)
		Expect(err).NotTo(HaveOccurred())
		Expect(edits).To(Equal(1))
		Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<", time.Minute)))
		Expect(latest(ctx, class).Status.Conditions).To(Equal(before))
	})
})
