// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/meshingress/meshingress/controllers/dataplane"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
)

func TestDataPlane(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Data plane")
}

var (
	testEnv  *env.Environment
	operator *controllertest.Operator

	// reconciler is made anew for each spec.
	reconciler *dataplane.Reconciler
)

var _ = BeforeSuite(func(ctx SpecContext) {
	controllertest.LogToGinkgo()
	var err error
	testEnv, err = env.Start(ctx, withVendors(), env.WithoutWatchCache())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
	registry, err := all.New()
	Expect(err).NotTo(HaveOccurred())
	operator = controllertest.New(ctx, testEnv, registry)
})

// withVendors installs what the specs, and their cleaning up, need.
func withVendors() env.Option {
	return env.WithVendorCRDs(crds.Traefik, crds.Contour, crds.GatewayAPI, crds.EnvoyGateway, crds.GCE, crds.Kong,
		crds.Gloo, crds.EnRoute, crds.Emissary, crds.F5Nginx)
}

var _ = BeforeEach(func() {
	operator.Reset()
	reconciler = operator.DataPlane()
})

var _ = AfterEach(cleanUp)
