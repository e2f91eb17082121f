// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package kong_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/kong"
	"github.com/meshingress/meshingress/providers/providertest/story"
	"github.com/meshingress/meshingress/test/fixtures"
)

// kongPlugin is the kind that header routing writes.
func kongPlugin() providers.Kind { return kong.New().Describe().Strategies[1].Needs[0] }

func TestStrategies(t *testing.T) {
	tests := map[string]struct {
		routing v1alpha1.Routing
		served  providers.Served
		want    v1alpha1.Strategy // empty: none
	}{
		"Auto needs no CRD":            {v1alpha1.RoutingAuto, providers.Served{}, v1alpha1.StrategyClusterIP},
		"Auto with the CRD":            {v1alpha1.RoutingAuto, providers.Served{kongPlugin(): true}, v1alpha1.StrategyClusterIP},
		"Header with the CRD":          {v1alpha1.RoutingHeader, providers.Served{kongPlugin(): true}, v1alpha1.StrategyHeader},
		"Header without the CRD":       {v1alpha1.RoutingHeader, providers.Served{}, ""},
		"ClusterIP where it is wished": {v1alpha1.RoutingClusterIP, providers.Served{}, v1alpha1.StrategyClusterIP},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := providers.ChooseStrategy(kong.New().Describe(), providers.Wish{Routing: tc.routing}, tc.served)
			story.Diff(t, "strategy", tc.want, got.Strategy)
			story.Diff(t, "is an error", tc.want == "", err != nil)
		})
	}
}

func TestReadsOnlyWhatIsServed(t *testing.T) {
	all := providers.Served{}
	for _, k := range kong.New().Describe().Kinds() {
		all[k] = true
	}
	tests := map[string]struct {
		strategy v1alpha1.Strategy
		fallback bool
		served   providers.Served
		want     []string
	}{
		"ClusterIP": {v1alpha1.StrategyClusterIP, false, all, []string{"default/Service", "default/KongUpstreamPolicy"}},
		"ClusterIP with a default": {
			v1alpha1.StrategyClusterIP, true, all, []string{"default/Service", "default/KongUpstreamPolicy", "/Ingress"},
		},
		"ClusterIP without Kong's kinds": {v1alpha1.StrategyClusterIP, true, providers.Served{}, []string{"default/Service", "/Ingress"}},
		"Header": {
			v1alpha1.StrategyHeader, false, all,
			[]string{"default/Service", "default/KongUpstreamPolicy", "/KongPlugin", "/KongClusterPlugin", "/KongConsumer"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(tc.strategy)
			in.Served = tc.served
			if b := story.Backend("web-svc", 80); tc.fallback {
				in.Default = &b
			}
			var got []string
			for _, r := range kong.New().Reads(in) {
				got = append(got, r.Namespace+"/"+r.Kind.Kind)
			}
			story.Diff(t, "reads", tc.want, got)
		})
	}
}

func TestDataPlane(t *testing.T) {
	pods := func(name string, containers ...string) injection.Workload {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "kong", Name: name}}
		d.Spec.Template.Labels = map[string]string{
			"app.kubernetes.io/name": name, "app.kubernetes.io/component": "app", "app.kubernetes.io/instance": "any",
		}
		for _, c := range containers {
			d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers,
				corev1.Container{Name: c, Image: c + ":3.9"})
		}
		return injection.FromDeployment(d)
	}
	migrations := pods("kong", "kong-migrations")
	migrations.Template.Labels["app.kubernetes.io/component"] = "init-migrations"
	tests := map[string]struct {
		workload injection.Workload
		found    bool
	}{
		"chart kong/kong, controller and gateway in one pod": {pods("kong", "ingress-controller", "proxy"), true},
		"chart kong/kong, gateway alone":                     {pods("kong", "proxy"), true},
		"chart kong/kong, controller alone":                  {pods("kong", "ingress-controller"), false},
		"chart kong/ingress, gateway":                        {pods("gateway", "proxy"), true},
		"chart kong/ingress, controller":                     {pods("controller", "ingress-controller"), false},
		"migrations":                                         {migrations, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := injection.Discover(&v1alpha1.MeshIngressClass{}, kong.New().Describe().DataPlane,
				injection.Cluster{Workloads: []injection.Workload{tc.workload}})
			story.Diff(t, "found", tc.found, err == nil)
			if tc.found {
				story.Diff(t, "version", "3.9", found.VendorVersion)
			}
		})
	}
}

// The fixture is what the chart renders: one of its two Deployments is the data plane.
func TestDataPlaneOfTheChart(t *testing.T) {
	objects, err := fixtures.Objects("kong")
	if err != nil {
		t.Fatal(err)
	}
	var cluster injection.Cluster
	for _, obj := range objects {
		switch obj.GetKind() {
		case "Deployment":
			cluster.Workloads = append(cluster.Workloads, injection.FromDeployment(typed[appsv1.Deployment](t, obj.Object)))
		case "Service":
			cluster.Services = append(cluster.Services, typed[corev1.Service](t, obj.Object))
		}
	}
	found, err := injection.Discover(&v1alpha1.MeshIngressClass{}, kong.New().Describe().DataPlane, cluster)
	if err != nil {
		t.Fatal(err)
	}
	story.Diff(t, "workload", "kong-gateway", found.Workloads[0].Name)
	story.Diff(t, "ports", [][]int32{{8000, 8443}}, found.Ports)
}

func typed[T any](t *testing.T, content map[string]any) *T {
	t.Helper()
	obj := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, obj); err != nil {
		t.Fatal(err)
	}
	return obj
}
