// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/controllers/meshingress"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
)

func TestMeshIngress(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "MeshIngress")
}

var (
	testEnv *env.Environment

	// user may do everything, as a cluster's admin.
	user client.Client

	// operator acts as the ServiceAccount of the manager.
	operator *controllertest.Operator
)

var _ = BeforeSuite(func(ctx SpecContext) {
	controllertest.LogToGinkgo()
	var err error
	testEnv, err = env.Start(ctx, env.WithVendorCRDs(crds.All()...), env.WithoutWatchCache())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
	user = testEnv.Client
	registry, err := all.New()
	Expect(err).NotTo(HaveOccurred())
	operator = controllertest.New(ctx, testEnv, registry)
})

// What every spec has for itself: a reconciler that has done nothing, and a
// Namespace with Services.
var (
	reconciler *meshingress.Reconciler
	namespace  string
)

var _ = BeforeEach(func(ctx SpecContext) {
	operator.Reset()
	reconciler = operator.MeshIngress()
	namespace = createNamespace(ctx, nil)
})
