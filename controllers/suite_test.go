// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
)

// What is about one reconcile is tested beside the reconcilers, without waiting.
// This suite starts the manager, for what only it has: watches, indexes, caches.
func TestControllers(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Controllers")
}

const (
	// convergeTimeout is far above the tenths of a second that the operator takes
	// on an idle machine, because suites share their cores with other suites and with
	// compilers.
	convergeTimeout = 2 * time.Minute

	// manyTimeout is for hundreds of objects, and for what the API server does at
	// its leisure with a CRD.
	manyTimeout = 2 * time.Minute

	// quiet is how long nothing must happen to prove that nothing does.
	quiet = 2 * time.Second

	// rest is longer than the operator takes before it looks again whether a new
	// watch has brought what there is.
	rest = 1500 * time.Millisecond

	pollInterval = 50 * time.Millisecond
)

var (
	testEnv *env.Environment

	// user may do everything, as a cluster's admin.
	user client.Client

	registry *providers.Registry
)

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	registry, err = all.New()
	Expect(err).NotTo(HaveOccurred())
	testEnv, err = env.Start(ctx, env.WithVendorCRDs(crds.Traefik, crds.Contour), env.WithInjector())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
	user = testEnv.Client
})
