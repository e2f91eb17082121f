// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Metrics are the counters of the reconcilers.
type Metrics struct {
	// DriftCorrections counts objects and fields that somebody had changed or
	// removed and that were put right, by kind.
	DriftCorrections *prometheus.CounterVec

	// Conflicts counts writes that were not made because an object or a field is
	// somebody else's, by kind.
	Conflicts *prometheus.CounterVec

	// Restarts counts rollouts that were begun because pods had come up without their
	// proxy, by kind of the workload.
	Restarts *prometheus.CounterVec
}

// Options of the metrics.
type Options struct {
	// Reader holds the MeshIngresses and classes; it should be the cache.
	Reader client.Reader

	// Elected is closed once this replica leads. Until then it tells nothing of
	// MeshIngresses and classes: what each replica tells would be counted twice, and a
	// cache that is not filled yet cannot be read. nil: it leads.
	Elected <-chan struct{}

	// Version of the operator.
	Version string
}

// New makes the metrics and registers them.
func New(registry prometheus.Registerer, o Options) (*Metrics, error) {
	m := &Metrics{
		DriftCorrections: driftCorrections.counter(),
		Conflicts:        conflicts.counter(),
		Restarts:         restarts.counter(),
	}
	opts := prometheus.GaugeOpts{Name: buildInfo.Name, Help: buildInfo.Help}
	build := prometheus.NewGaugeVec(opts, buildInfo.LabelNames())
	build.WithLabelValues(o.Version, runtime.Version()).Set(1)
	for _, c := range []prometheus.Collector{build, newState(o), m.DriftCorrections, m.Conflicts, m.Restarts} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}
