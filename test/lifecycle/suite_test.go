// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/operator"
)

func TestLifecycle(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Lifecycle")
}

const (
	// convergeTimeout is far above what the operator takes, because suites share their cores
	// with other suites and with compilers.
	convergeTimeout = 2 * time.Minute
	pollInterval    = 50 * time.Millisecond

	// helm is the field manager that installs and upgrades.
	helm = "helm"
)

var (
	testEnv *env.Environment

	// user may do everything, as a cluster's admin.
	user client.Client
)

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	testEnv, err = env.Start(ctx, env.WithVendorCRDs(crds.All()...))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
	user = testEnv.Client
	_, err = operator.Connect(ctx, testEnv)
	Expect(err).NotTo(HaveOccurred())
})

// serveFormerTraefik leaves of Traefik's kinds those that a Traefik before 2.10 has,
// until the container ends.
func serveFormerTraefik(ctx SpecContext) {
	DeferCleanup(func(ctx SpecContext) { Expect(testEnv.InstallCRDs(ctx, crds.Traefik)).To(Succeed()) })
	Expect(testEnv.KeepCRDs(ctx, crds.Traefik, "traefik.containo.us")).To(Succeed())
}

// install applies objects as Helm does, and removes them after the spec. Namespaces it
// creates, and leaves: nothing would empty them here.
func install(ctx context.Context, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	for _, o := range objects {
		if o.GetKind() == "Namespace" {
			Expect(client.IgnoreAlreadyExists(user.Create(ctx, o, client.FieldOwner(helm)))).To(Succeed())
			continue
		}
		applyAs(ctx, helm, o)
		DeferCleanup(func(ctx SpecContext) {
			Expect(user.Delete(ctx, o, client.PropagationPolicy("Background"))).To(Succeed())
		})
	}
}

// applyAs is a server-side apply that takes what others have.
func applyAs(ctx context.Context, manager string, o *unstructured.Unstructured) {
	GinkgoHelper()
	body := client.ApplyConfigurationFromUnstructured(o.DeepCopy())
	Expect(user.Apply(ctx, body, client.FieldOwner(manager), client.ForceOwnership)).To(Succeed())
}

func start(ctx context.Context) *operator.Operator {
	GinkgoHelper()
	op, err := operator.Start(ctx, testEnv)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(op.Stop)
	return op
}

func eventually(ctx context.Context, actual any, args ...any) AsyncAssertion {
	GinkgoHelper()
	return Eventually(actual).WithContext(ctx).WithArguments(args...).WithTimeout(convergeTimeout).WithPolling(pollInterval)
}

// becomes waits for a condition, as operator.Condition has it.
func becomes(ctx context.Context, object client.Object, kind, want string) {
	GinkgoHelper()
	eventually(ctx, operator.Condition, client.Reader(user), object, kind).
		Should(Equal(want), "%s of %T %s", kind, object, object.GetName())
}

// remove deletes objects, and waits until each is gone before it deletes the next.
func remove(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, o := range objects {
		Expect(user.Delete(ctx, o)).To(Succeed())
		isGone(ctx, o)
	}
}

func isGone(ctx context.Context, o client.Object) {
	GinkgoHelper()
	eventually(ctx, func() bool {
		return apierrors.IsNotFound(user.Get(ctx, client.ObjectKeyFromObject(o), o.DeepCopyObject().(client.Object)))
	}).Should(BeTrue(), "%T %s is still there", o, o.GetName())
}
