// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"context"
	"io"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/fixtures"
)

func TestForbidden(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Forbidden")
}

var (
	testEnv *env.Environment

	// admin may do everything.
	admin client.Client

	registry *providers.Registry

	// operatorLog is what all operators log, as cmd/manager does.
	operatorLog = gbytes.NewBuffer()
)

// leaseNamespace is the operator's own.
const leaseNamespace = controllertest.Namespace

var _ = BeforeSuite(func(ctx SpecContext) {
	logger := zap.New(zap.WriteTo(io.MultiWriter(operatorLog, GinkgoWriter)))
	log.SetLogger(logger)
	klog.SetLogger(logger)
	var err error
	registry, err = all.New()
	Expect(err).NotTo(HaveOccurred())
	// Without its watch cache the API server streams no initial lists: informers fall back to
	// list and watch, and need both. With it, as in the watches suite, watch is enough.
	testEnv, err = env.Start(ctx, env.WithVendorCRDs(crds.All()...), env.WithoutWatchCache())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
	admin = testEnv.Client
	for _, name := range []string{fixtures.Linkerd, fixtures.LinkerdInjector, fixtures.Emojivoto} {
		install(ctx, load(name))
	}
})

// load reads a fixture.
func load(name string) []*unstructured.Unstructured {
	GinkgoHelper()
	objects, err := fixtures.Objects(name)
	Expect(err).NotTo(HaveOccurred())
	return objects
}

func install(ctx context.Context, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	for _, o := range objects {
		config := client.ApplyConfigurationFromUnstructured(o.DeepCopy())
		Expect(admin.Apply(ctx, config, client.FieldOwner("helm"), client.ForceOwnership)).To(Succeed())
	}
}

// remove deletes objects but for Namespaces, which nothing would empty.
func remove(ctx context.Context, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	for _, o := range objects {
		if o.GetKind() != "Namespace" {
			Expect(client.IgnoreNotFound(admin.Delete(ctx, o.DeepCopy(), client.PropagationPolicy("Background")))).To(Succeed())
		}
	}
}
