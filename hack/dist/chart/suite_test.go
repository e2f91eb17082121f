// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package chart_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/test/env"
)

func TestChart(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Chart")
}

// testEnv has no CRDs of the operator, because the chart brings them.
var testEnv *env.Environment

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	testEnv, err = env.Start(ctx, env.WithoutCRDs())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })

	By("installing the CRDs of the Prometheus Operator, and the namespaces that the variants name")
	_, err = envtest.InstallCRDs(testEnv.Config, envtest.CRDInstallOptions{
		Paths: []string{"testdata"}, Scheme: testEnv.Scheme(), ErrorIfPathMissing: true,
	})
	Expect(err).NotTo(HaveOccurred())
	for _, name := range []string{namespace, "team-a", "team-b"} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		Expect(testEnv.Client.Create(ctx, ns)).To(Succeed())
	}
})
