// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/hack/dist/internal/installs"
	"github.com/meshingress/meshingress/test/env"
)

func TestOverlays(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Overlays")
}

// testEnv has no CRDs of the operator: the installations bring them.
var testEnv *env.Environment

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	testEnv, err = installs.Start(ctx, append([]string{namespace}, watched()...)...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
})
