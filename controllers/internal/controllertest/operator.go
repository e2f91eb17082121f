// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshingress/meshingress/controllers/dataplane"
	"github.com/meshingress/meshingress/controllers/internal/base"
	"github.com/meshingress/meshingress/controllers/internal/observe"
	"github.com/meshingress/meshingress/controllers/meshingress"
	"github.com/meshingress/meshingress/internal/authorization"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/metrics"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/env"
)

// maxReconciles is how often ReconcileUntilSettled calls a reconciler before it
// takes it for one that never comes to rest.
const maxReconciles = 10

// Operator is what the reconcilers work with, and a record of what they did.
type Operator struct {
	// Client acts as the operator's ServiceAccount, and reads as a cache does.
	Client client.WithWatch

	// Live acts as the operator's ServiceAccount, and reads what is not cached.
	Live client.Reader

	// Writes counts the requests of Client.
	Writes *env.Counter

	// Faults lets requests of Client fail.
	Faults *Faults

	// Registry of the providers.
	Registry *providers.Registry

	// Watches stands in for the manager's; a spec may make it not synced.
	Watches *Watches

	// Events that were sent to users.
	Events *Events

	// Clock of the reconcilers, which stands still unless a spec moves it.
	Clock *testingclock.FakePassiveClock

	metrics *prometheus.Registry
}

// New installs the operator's RBAC and returns an Operator that has done nothing
// yet. It fails the spec where it cannot.
func New(ctx context.Context, e *env.Environment, registry *providers.Registry) *Operator {
	GinkgoHelper()
	Expect(e.InstallRBAC(ctx)).To(Succeed())
	config, err := e.ServiceAccountConfig(ctx, Namespace, ServiceAccount)
	Expect(err).NotTo(HaveOccurred())
	faults := InjectFaults(config)
	writes := env.CountWrites(config)
	c, err := NewClientFor(config, e, append(registry.Served(), authorization.Needs()...))
	Expect(err).NotTo(HaveOccurred())
	live, err := client.New(config, client.Options{Scheme: e.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	o := &Operator{Client: c, Live: live, Writes: writes, Faults: faults, Registry: registry}
	o.Reset()
	return o
}

// Reset forgets what was recorded and the faults that were ordered, and makes the
// metrics anew. Reconcilers that were made before must not be used any more.
func (o *Operator) Reset() {
	o.Writes.Reset()
	o.Faults.Clear()
	o.Watches, o.Events, o.metrics = &Watches{}, &Events{}, prometheus.NewRegistry()
	o.Clock = testingclock.NewFakePassiveClock(time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC))
}

// MeshIngress returns the reconciler of MeshIngresses. Its metrics begin at zero.
func (o *Operator) MeshIngress() *meshingress.Reconciler {
	GinkgoHelper()
	return &meshingress.Reconciler{Reconciler: o.base()}
}

// DataPlane returns the reconciler of MeshIngressClasses. Its metrics begin at zero.
func (o *Operator) DataPlane() *dataplane.Reconciler {
	GinkgoHelper()
	return &dataplane.Reconciler{Reconciler: o.base(), Clock: o.Clock}
}

func (o *Operator) base() base.Reconciler {
	GinkgoHelper()
	return base.Reconciler{
		Client: o.Client, Live: o.Live, Registry: o.Registry, Linkerd: o.facts(),
		Watches: o.Watches, Events: o.Events, Metrics: o.newMetrics(),
	}
}

func (o *Operator) facts() observe.Linkerd {
	return observe.Linkerd{Reader: o.Client, Namespace: linkerd.DefaultNamespace}
}

func (o *Operator) newMetrics() *metrics.Metrics {
	GinkgoHelper()
	o.metrics = prometheus.NewRegistry()
	m, err := metrics.New(o.metrics, metrics.Options{Reader: o.Client})
	Expect(err).NotTo(HaveOccurred())
	return m
}

// Metric is the value of a counter or gauge of the reconciler that was made last,
// with the label values given, in the order of the labels' names; 0 where it does
// not exist yet.
func (o *Operator) Metric(name string, labelValues ...string) float64 {
	GinkgoHelper()
	families, err := o.metrics.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			values := make([]string, 0, len(labelValues))
			for _, label := range m.GetLabel() {
				values = append(values, label.GetValue())
			}
			if slices.Equal(values, labelValues) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return 0
}

// Reconcile calls a reconciler once for an object, and returns what it returned.
func Reconcile(ctx context.Context, r reconcile.Reconciler, object client.Object) (reconcile.Result, error) {
	return r.Reconcile(ctx, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(object)})
}

// ReconcileUntilSettled calls a reconciler for an object until a call writes
// nothing, and returns the result of that call. A write that the API server
// refuses is none: a reconciler tries it each time that it is called, and its
// result says when that is. An error, or one writing call after another, fails the
// spec.
func (o *Operator) ReconcileUntilSettled(
	ctx context.Context, r reconcile.Reconciler, object client.Object,
) reconcile.Result {
	GinkgoHelper()
	var writes []string
	for range maxReconciles {
		before := len(o.Faults.done())
		result, err := Reconcile(ctx, r, object)
		Expect(err).NotTo(HaveOccurred())
		if writes = o.Faults.done()[before:]; len(writes) == 0 {
			return result
		}
	}
	Fail(fmt.Sprintf("not settled after %d reconciles; the last wrote %s", maxReconciles, strings.Join(writes, ", ")))
	return reconcile.Result{}
}

// LogToGinkgo shows the log of a spec that fails.
func LogToGinkgo() { log.SetLogger(GinkgoLogr) }
