// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/fixtures"
)

const (
	// timeout is for one step of OLM or of the manager, far above what an idle machine
	// needs.
	timeout  = 2 * time.Minute
	interval = 200 * time.Millisecond

	// helm is the field manager of what charts install, and user that of people.
	helm = client.FieldOwner("helm")
	user = client.FieldOwner("kubectl")
)

var (
	cluster *env.Environment
	c       client.Client

	// work is the directory that TestMain has filled.
	work = os.Getenv(workVariable)

	// before is the cluster without anything that OLM installs.
	before env.Snapshot
)

func TestOLM(t *testing.T) {
	RegisterFailHandler(Fail)
	config, reporter := GinkgoConfiguration()
	config.FailFast = true // each spec leaves the cluster as the next expects it
	RunSpecs(t, "OLM", config, reporter)
}

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	EnforceDefaultTimeoutsWhenUsingContexts()
	SetDefaultEventuallyTimeout(timeout)
	SetDefaultEventuallyPollingInterval(interval)
	var err error
	cluster, err = env.Start(ctx, env.WithoutCRDs(), env.WithControllerManager(), env.WithKwok(), env.WithInjector(),
		env.WithVendorCRDs(crds.All()...))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return cluster.Stop() })
	c = cluster.Client
	Expect(operatorsv1.AddToScheme(c.Scheme())).To(Succeed())
	Expect(operatorsv1alpha1.AddToScheme(c.Scheme())).To(Succeed())

	startOLM(ctx)
	install(ctx, fixtures.Linkerd)
	install(ctx, fixtures.Emojivoto)
	expectRolledOut(ctx)
	before = snapshotAtRest(ctx)
})

// install applies a fixture as Helm does.
func install(ctx context.Context, fixture string) {
	GinkgoHelper()
	objects, err := fixtures.Objects(fixture)
	Expect(err).NotTo(HaveOccurred())
	apply(ctx, helm, objects)
}

// expectRolledOut waits until every Deployment and DaemonSet runs all pods of its newest
// template, and no other.
func expectRolledOut(ctx context.Context) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega, ctx context.Context) {
		var deployments appsv1.DeploymentList
		g.Expect(c.List(ctx, &deployments)).To(Succeed())
		for _, d := range deployments.Items {
			g.Expect(d.Status.ObservedGeneration).To(Equal(d.Generation), d.Name)
			g.Expect([]int32{d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.AvailableReplicas}).
				To(HaveEach(*d.Spec.Replicas), d.Name)
		}
		var daemonSets appsv1.DaemonSetList
		g.Expect(c.List(ctx, &daemonSets)).To(Succeed())
		for _, d := range daemonSets.Items {
			g.Expect(d.Status.ObservedGeneration).To(Equal(d.Generation), d.Name)
			g.Expect([]int32{d.Status.UpdatedNumberScheduled, d.Status.NumberAvailable}).
				To(HaveEach(d.Status.DesiredNumberScheduled), d.Name)
		}
	}).Should(Succeed())
}

// snapshotAtRest waits for two snapshots that are the same.
func snapshotAtRest(ctx context.Context) env.Snapshot {
	GinkgoHelper()
	var last env.Snapshot
	Eventually(ctx, func(g Gomega, ctx context.Context) {
		now := snapshot(ctx, g)
		diff := env.Diff(last, now)
		last = now
		g.Expect(diff).To(BeEmpty())
	}).Should(Succeed())
	return last
}

func snapshot(ctx context.Context, g Gomega) env.Snapshot {
	now, err := cluster.Snapshot(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	return now.WithoutRollouts()
}
