// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/metrics"
	"github.com/meshingress/meshingress/test/builders"
)

func newRegistry(t *testing.T, reader client.Reader) (*prometheus.Registry, *metrics.Metrics) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	m, err := metrics.New(registry, reader)
	if err != nil {
		t.Fatal(err)
	}
	return registry, m
}

func newReader(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

func route(class, namespace, name string, strategies ...v1alpha1.Strategy) *v1alpha1.MeshIngress {
	mi := builders.MeshIngress(name, namespace)
	mi.Status.ClassName = class
	for _, s := range strategies {
		mi.Status.Routes = append(mi.Status.Routes, v1alpha1.RouteStatus{Strategy: s})
	}
	return mi
}

func class(name string, workloads ...v1alpha1.WorkloadStatus) *v1alpha1.MeshIngressClass {
	c := builders.Class(name, v1alpha1.VendorTraefik)
	c.Status.Workloads = workloads
	return c
}

func TestGauges(t *testing.T) {
	registry, _ := newRegistry(t, newReader(t,
		route("traefik", "shop", "a", v1alpha1.StrategyClusterIP, v1alpha1.StrategyClusterIP),
		route("traefik", "shop", "b", v1alpha1.StrategyClusterIP),
		route("contour", "shop", "c", v1alpha1.StrategyHeader),
		route("", "shop", "rejected"),
		class("traefik", v1alpha1.WorkloadStatus{Pods: 3, MeshedPods: 2}, v1alpha1.WorkloadStatus{Pods: 1, MeshedPods: 1}),
		class("unfound"),
	))
	want := map[string]float64{
		"meshingress_data_plane_meshed_pods traefik": 3,
		"meshingress_data_plane_meshed_pods unfound": 0,
		"meshingress_data_plane_pods traefik":        4,
		"meshingress_data_plane_pods unfound":        0,
		"meshingress_routes contour Header":          1,
		"meshingress_routes traefik ClusterIP":       3,
	}
	if diff := cmp.Diff(want, gather(t, registry)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// A gauge is as the lists are, with nobody having to set it.
func TestGaugesFollow(t *testing.T) {
	c := class("traefik", v1alpha1.WorkloadStatus{Pods: 2, MeshedPods: 1})
	reader := newReader(t, c)
	registry, _ := newRegistry(t, reader)
	if got := gather(t, registry); len(got) != 2 {
		t.Fatalf("metrics %v, want two", got)
	}
	if err := reader.Delete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := gather(t, registry); len(got) != 0 {
		t.Errorf("metrics %v after the class is gone, want none", got)
	}
}

func TestGaugesThatCannotBeRead(t *testing.T) {
	broken := errors.New("broken")
	registry, _ := newRegistry(t, interceptor.NewClient(newReader(t), interceptor.Funcs{
		List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return broken },
	}))
	if _, err := registry.Gather(); err == nil || strings.Count(err.Error(), broken.Error()) != 2 {
		t.Errorf("Gather() = %v, want %v for MeshIngresses and for classes", err, broken)
	}
}

func TestCounters(t *testing.T) {
	registry, m := newRegistry(t, newReader(t))
	m.DriftCorrections.WithLabelValues("Deployment").Inc()
	m.Conflicts.WithLabelValues("ConfigMap").Add(2)
	m.Restarts.WithLabelValues("DaemonSet").Inc()
	want := map[string]float64{
		"meshingress_conflicts_total ConfigMap":          2,
		"meshingress_drift_corrections_total Deployment": 1,
		"meshingress_restarts_total DaemonSet":           1,
	}
	if diff := cmp.Diff(want, gather(t, registry)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestNewTwice(t *testing.T) {
	registry, _ := newRegistry(t, newReader(t))
	if _, err := metrics.New(registry, newReader(t)); err == nil {
		t.Error("New() on a registry that has them already: want an error")
	}
}

// gather reads every metric as "<name> <label values>".
func gather(t *testing.T, registry prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, label := range m.GetLabel() {
				name += " " + label.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return values
}
