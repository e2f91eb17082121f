// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
)

func TestOverlays(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Overlays")
}

// testEnv has no CRDs of the operator, because the installations bring them.
var testEnv *env.Environment

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	testEnv, err = env.Start(ctx, env.WithoutCRDs())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })

	By("installing the CRDs of the Prometheus Operator, and the namespaces that objects are put into")
	_, err = envtest.InstallCRDs(testEnv.Config, envtest.CRDInstallOptions{
		Paths: []string{"../chart/testdata"}, Scheme: testEnv.Scheme(), ErrorIfPathMissing: true,
	})
	Expect(err).NotTo(HaveOccurred())
	for _, name := range append([]string{namespace}, watched()...) {
		Expect(testEnv.Client.Create(ctx, builders.Namespace(name))).To(Succeed())
	}
})
