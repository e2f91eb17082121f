// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics declares what the operator counts beyond controller-runtime's
// own metrics.
package metrics

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
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

// New makes the counters, and gauges that are computed from what reader holds when
// they are asked for, and registers them.
func New(registry prometheus.Registerer, reader client.Reader) (*Metrics, error) {
	m := &Metrics{
		DriftCorrections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshingress_drift_corrections_total",
			Help: "Objects and fields that were put right after somebody changed or removed them.",
		}, []string{"kind"}),
		Conflicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshingress_conflicts_total",
			Help: "Writes not made because the object or field belongs to somebody else.",
		}, []string{"kind"}),
		Restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshingress_restarts_total",
			Help: "Rollouts that were begun because pods had come up without their proxy.",
		}, []string{"kind"}),
	}
	for _, c := range []prometheus.Collector{m.DriftCorrections, m.Conflicts, m.Restarts, newGauges(reader)} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}

// gauges are derived from the statuses in the cache, so they cannot go stale.
type gauges struct {
	reader client.Reader
	routes *prometheus.Desc
	pods   *prometheus.Desc
	meshed *prometheus.Desc
}

func newGauges(reader client.Reader) *gauges {
	return &gauges{
		reader: reader,
		routes: prometheus.NewDesc("meshingress_routes",
			"Destinations of MeshIngresses by class and strategy.", []string{"class", "strategy"}, nil),
		pods: prometheus.NewDesc("meshingress_data_plane_pods",
			"Pods of the data plane of a class.", []string{"class"}, nil),
		meshed: prometheus.NewDesc("meshingress_data_plane_meshed_pods",
			"Ready pods of the data plane of a class with a ready proxy in the right mode.", []string{"class"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) { ch <- g.routes; ch <- g.pods; ch <- g.meshed }

// Collect implements prometheus.Collector.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	ctx := context.Background() //nolint:forbidigo // prometheus.Collector is given none, and the cache answers at once
	g.collectRoutes(ctx, ch)
	g.collectPods(ctx, ch)
}

func (g *gauges) collectRoutes(ctx context.Context, ch chan<- prometheus.Metric) {
	var list v1alpha1.MeshIngressList
	if err := g.reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(g.routes, err)
		return
	}
	type key struct{ class, strategy string }
	counts := map[key]int{}
	for _, mi := range list.Items {
		for _, r := range mi.Status.Routes {
			counts[key{mi.Status.ClassName, string(r.Strategy)}]++
		}
	}
	for k, n := range counts {
		ch <- prometheus.MustNewConstMetric(g.routes, prometheus.GaugeValue, float64(n), k.class, k.strategy)
	}
}

func (g *gauges) collectPods(ctx context.Context, ch chan<- prometheus.Metric) {
	var list v1alpha1.MeshIngressClassList
	if err := g.reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(g.pods, err)
		return
	}
	for _, class := range list.Items {
		var pods, meshed int32
		for _, w := range class.Status.Workloads {
			pods += w.Pods
			meshed += w.MeshedPods
		}
		ch <- prometheus.MustNewConstMetric(g.pods, prometheus.GaugeValue, float64(pods), class.Name)
		ch <- prometheus.MustNewConstMetric(g.meshed, prometheus.GaugeValue, float64(meshed), class.Name)
	}
}
