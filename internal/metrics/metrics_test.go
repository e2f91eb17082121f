// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/metrics"
	"github.com/meshingress/meshingress/test/builders"
)

// newRegistry is pedantic: it refuses what does not fit the description of a metric.
func newRegistry(t *testing.T, o metrics.Options) (*prometheus.Registry, *metrics.Metrics) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	m, err := metrics.New(registry, o)
	if err != nil {
		t.Fatal(err)
	}
	return registry, m
}

func newReader(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := apiruntime.NewScheme()
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

// condition is "<type> <status> <reason>" for a generation.
func condition(generation int64, text string) metav1.Condition {
	words := strings.Fields(text)
	return metav1.Condition{
		Type: words[0], Status: metav1.ConditionStatus(words[1]), Reason: words[2], ObservedGeneration: generation,
	}
}

func TestRoutesAndPods(t *testing.T) {
	registry, _ := newRegistry(t, metrics.Options{Reader: newReader(t,
		route("traefik", "shop", "a", v1alpha1.StrategyClusterIP, v1alpha1.StrategyClusterIP),
		route("traefik", "shop", "b", v1alpha1.StrategyClusterIP),
		route("contour", "shop", "c", v1alpha1.StrategyHeader),
		route("", "shop", "rejected"),
		class("traefik", v1alpha1.WorkloadStatus{Pods: 3, MeshedPods: 2}, v1alpha1.WorkloadStatus{Pods: 1, MeshedPods: 1}),
		class("unfound"),
	)})
	want := map[string]float64{
		`meshingress_data_plane_meshed_pods{class="traefik"}`:      3,
		`meshingress_data_plane_meshed_pods{class="unfound"}`:      0,
		`meshingress_data_plane_pods{class="traefik"}`:             4,
		`meshingress_data_plane_pods{class="unfound"}`:             0,
		`meshingress_routes{class="contour",strategy="Header"}`:    1,
		`meshingress_routes{class="traefik",strategy="ClusterIP"}`: 3,
	}
	if diff := cmp.Diff(want, gather(t, registry, "routes", "data_plane")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestConditions(t *testing.T) {
	const generation = 2
	tests := map[string]struct {
		conditions []metav1.Condition
		want       []string
	}{
		"not looked at yet": {
			want: []string{`reason="Pending",%s,status="Unknown",type="Ready"`},
		},
		"as they are": {
			conditions: []metav1.Condition{
				condition(generation, "Programmed False Forbidden"), condition(generation, "Ready False Forbidden"),
			},
			want: []string{
				`reason="Forbidden",%s,status="False",type="Programmed"`,
				`reason="Forbidden",%s,status="False",type="Ready"`,
			},
		},
		"of an older spec": {
			conditions: []metav1.Condition{
				condition(generation-1, "Accepted True Accepted"), condition(generation-1, "Ready True Ready"),
			},
			want: []string{
				`reason="Accepted",%s,status="True",type="Accepted"`,
				`reason="Pending",%s,status="Unknown",type="Ready"`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			mi, class := route("", "shop", "web"), class("traefik")
			mi.Generation, class.Generation = generation, generation
			mi.Status.Conditions, class.Status.Conditions = tt.conditions, tt.conditions
			registry, _ := newRegistry(t, metrics.Options{Reader: newReader(t, mi, class)})
			want := map[string]float64{}
			for _, series := range tt.want {
				want[`meshingress_condition{kind="MeshIngress",name="web",`+fmt.Sprintf(series, `resource_namespace="shop"`)+`}`] = 1
				want[`meshingress_condition{kind="MeshIngressClass",name="traefik",`+fmt.Sprintf(series, `resource_namespace=""`)+`}`] = 1
			}
			if diff := cmp.Diff(want, gather(t, registry, "condition")); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHazards(t *testing.T) {
	mi, safe := route("", "shop", "web"), route("", "shop", "safe")
	mi.Status.Conditions = []metav1.Condition{condition(0, "Hazard True StickySessions")}
	c := class("traefik")
	c.Status.Hazards = []v1alpha1.Notice{
		{Reason: "JobsHang", Message: "one"}, {Reason: "JobsHang", Message: "two"}, {Reason: "ClientAddressLost"},
	}
	registry, _ := newRegistry(t, metrics.Options{Reader: newReader(t, mi, safe, c, class("safe"))})
	want := map[string]float64{
		`meshingress_hazards{kind="MeshIngress",name="web",reason="StickySessions",resource_namespace="shop"}`:         1,
		`meshingress_hazards{kind="MeshIngressClass",name="traefik",reason="ClientAddressLost",resource_namespace=""}`: 1,
		`meshingress_hazards{kind="MeshIngressClass",name="traefik",reason="JobsHang",resource_namespace=""}`:          2,
	}
	if diff := cmp.Diff(want, gather(t, registry, "hazards")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// The state is as the lists are, with nobody having to set it.
func TestStateFollows(t *testing.T) {
	c := class("traefik", v1alpha1.WorkloadStatus{Pods: 2, MeshedPods: 1})
	reader := newReader(t, c)
	registry, _ := newRegistry(t, metrics.Options{Reader: reader})
	if got := gather(t, registry, "data_plane", "condition"); len(got) != 3 {
		t.Fatalf("metrics %v, want three", got)
	}
	if err := reader.Delete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := gather(t, registry, "data_plane", "condition"); len(got) != 0 {
		t.Errorf("metrics %v after the class is gone, want none", got)
	}
}

// Of two replicas, one tells the state; and what is not elected reads no cache.
func TestStateIsToldByTheLeader(t *testing.T) {
	elected := make(chan struct{})
	reader := interceptor.NewClient(newReader(t, class("traefik")), interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			select {
			case <-elected:
				return c.List(ctx, list, opts...)
			default:
				return errors.New("the cache is not filled yet")
			}
		},
	})
	registry, _ := newRegistry(t, metrics.Options{Reader: reader, Elected: elected})
	if got := gather(t, registry, ""); len(got) != 1 {
		t.Errorf("metrics %v before it is elected, want only the build", got)
	}
	close(elected)
	if got := gather(t, registry, "condition"); len(got) != 1 {
		t.Errorf("metrics %v once it is elected, want the condition of the class", got)
	}
}

func TestStateThatCannotBeRead(t *testing.T) {
	broken := errors.New("broken")
	registry, _ := newRegistry(t, metrics.Options{Reader: interceptor.NewClient(newReader(t), interceptor.Funcs{
		List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return broken },
	})})
	if _, err := registry.Gather(); err == nil || strings.Count(err.Error(), broken.Error()) != 2 {
		t.Errorf("Gather() = %v, want %v for MeshIngresses and for classes", err, broken)
	}
}

func TestCountersAndBuild(t *testing.T) {
	registry, m := newRegistry(t, metrics.Options{Reader: newReader(t), Version: "v1.2.3"})
	count(m)
	want := map[string]float64{
		`meshingress_build_info{go_version="` + runtime.Version() + `",version="v1.2.3"}`: 1,
		`meshingress_conflicts_total{kind="ConfigMap"}`:                                   2,
		`meshingress_drift_corrections_total{kind="Deployment"}`:                          1,
		`meshingress_restarts_total{kind="DaemonSet"}`:                                    1,
	}
	if diff := cmp.Diff(want, gather(t, registry, "")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestNewTwice(t *testing.T) {
	registry, _ := newRegistry(t, metrics.Options{Reader: newReader(t)})
	if _, err := metrics.New(registry, metrics.Options{Reader: newReader(t)}); err == nil {
		t.Error("New() on a registry that has them already: want an error")
	}
}

// What is exposed and what is documented are the same, and follow Prometheus' rules.
func TestDefinitions(t *testing.T) {
	mi, c := route("traefik", "shop", "a", v1alpha1.StrategyClusterIP), class("traefik")
	mi.Status.Conditions = []metav1.Condition{condition(0, "Hazard True StickySessions")}
	registry, m := newRegistry(t, metrics.Options{Reader: newReader(t, mi, c)})
	count(m)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range families {
		got[f.GetName()] = describe(f)
	}
	want := map[string]string{}
	for _, d := range metrics.Definitions() {
		labels := slices.Sorted(slices.Values(d.LabelNames()))
		want[d.Name] = fmt.Sprintf("%s %v: %s", d.Type, labels, d.Help)
		if d.Use == "" || slices.ContainsFunc(d.Labels, func(l metrics.Label) bool { return l.Values == "" }) {
			t.Errorf("%s: its use, or the values of a label, are not said", d.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-documented +exposed):\n%s", diff)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("Lint() = %v, %v", problems, err)
	}
}

func count(m *metrics.Metrics) {
	m.DriftCorrections.WithLabelValues("Deployment").Inc()
	m.Conflicts.WithLabelValues("ConfigMap").Add(2)
	m.Restarts.WithLabelValues("DaemonSet").Inc()
}

func describe(family *dto.MetricFamily) string {
	var labels []string
	for _, l := range family.GetMetric()[0].GetLabel() {
		labels = append(labels, l.GetName())
	}
	return fmt.Sprintf("%s %v: %s", strings.ToLower(family.GetType().String()), labels, family.GetHelp())
}

// gather reads the metrics whose names have one of the prefixes behind "meshingress_",
// as "<name>{<label>=<value>,…}".
func gather(t *testing.T, registry prometheus.Gatherer, prefixes ...string) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		wanted := func(prefix string) bool { return strings.HasPrefix(family.GetName(), metrics.Namespace+prefix) }
		if !slices.ContainsFunc(prefixes, wanted) {
			continue
		}
		for _, m := range family.GetMetric() {
			var labels []string
			for _, label := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", label.GetName(), label.GetValue()))
			}
			values[family.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return values
}
