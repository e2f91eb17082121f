// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package equal_test

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/hack/dist/chart"
	"github.com/meshingress/meshingress/hack/dist/equal"
	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// A difference is something that one way to install has and the others have not, on
// purpose.
type difference struct {
	why string

	// leaveOut returns the objects without it.
	leaveOut func([]*unstructured.Unstructured) []*unstructured.Unstructured
}

// toolsMake is what kustomize has and the other ways leave to their tools.
func toolsMake() []difference {
	return []difference{{
		why:      "helm and OLM install into a namespace that is there; helm makes it with --create-namespace",
		leaveOut: without("Namespace", "meshingress-system"),
	}}
}

// olmMakes is what kustomize has besides, and OLM makes by itself.
func olmMakes() []difference {
	const why = "OLM makes roles for people of each CRD: <plural>.<group>-<version>-admin, -edit and -view"
	return []difference{
		{why: why, leaveOut: without("ClusterRole", "meshingress-class-admin")},
		{why: why, leaveOut: without("ClusterRole", "meshingress-editor")},
		{why: why, leaveOut: without("ClusterRole", "meshingress-viewer")},
	}
}

// helmNeeds is what the chart has and kustomize has not.
func helmNeeds() []difference {
	return []difference{{
		why:      "uninstalling a release would delete the CRDs, and with them every MeshIngress",
		leaveOut: withoutAnnotation("CustomResourceDefinition", "helm.sh/resource-policy"),
	}}
}

func TestTheChartInstallsWhatKustomizeInstalls(t *testing.T) {
	cases := map[string]struct {
		config []string // directories in config, all of which are applied
		values string
	}{
		"default": {[]string{"default"}, ``},
		"with Prometheus": {
			[]string{"overlays/prometheus"},
			`metrics: {serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}}`,
		},
		"some vendors":                 {[]string{"overlays/vendor-limited"}, `vendors: [IngressNginx, GatewayAPI]`},
		"some namespaces":              {[]string{"overlays/namespaced"}, `watchNamespaces: [ingress, team-a]`},
		"what IngressNginx may opt in": {[]string{"default", "rbac/optin/ingressnginx"}, `optIns: [IngressNginx]`},
		"what Contour may opt in":      {[]string{"default", "rbac/optin/contour"}, `optIns: [Contour]`},
		"authorization":                {[]string{"default", "rbac/optin/authorization"}, `authorization: {enabled: true}`},
		"admission policies":           {[]string{"default", "admission"}, `admissionPolicy: {enabled: true}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			want := summary(t, except(t, kustomized(t, tc.config...), toolsMake()))
			got := summary(t, except(t, rendered(t, tc.values), helmNeeds()))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("config/%v and the chart differ (-kustomize +chart):\n%s", tc.config, diff)
			}
		})
	}
}

func TestTheBundleInstallsWhatKustomizeInstalls(t *testing.T) {
	objects, err := equal.OfBundle("../../../bundle")
	if err != nil {
		t.Fatal(err)
	}
	want := summary(t, except(t, kustomized(t, "default"), slices.Concat(toolsMake(), olmMakes())))
	if diff := cmp.Diff(want, summary(t, objects)); diff != "" {
		t.Errorf("config/default and the bundle differ (-kustomize +bundle):\n%s", diff)
	}
}

func TestTheChartAndTheBundleNeedTheSameKubernetes(t *testing.T) {
	loaded, err := loader.LoadDir("../../../charts/meshingress")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../../../bundle/manifests/meshingress.clusterserviceversion.yaml")
	if err != nil {
		t.Fatal(err)
	}
	csv := &operatorsv1alpha1.ClusterServiceVersion{}
	if err := yaml.Unmarshal(data, csv); err != nil {
		t.Fatal(err)
	}
	// The suffix of the chart's lets in the versions of cloud providers.
	if want := ">=" + csv.Spec.MinKubeVersion + "-0"; loaded.Metadata.KubeVersion != want {
		t.Errorf("kubeVersion of the chart is %q, want %q as minKubeVersion of the bundle", loaded.Metadata.KubeVersion, want)
	}
}

// except leaves out the differences, each of which must be there.
func except(
	t *testing.T, objects []*unstructured.Unstructured, differences []difference,
) []*unstructured.Unstructured {
	t.Helper()
	for _, d := range differences {
		left := d.leaveOut(objects)
		if cmp.Equal(objects, left) {
			t.Errorf("there is no such difference any more: %s", d.why)
		}
		objects = left
	}
	return objects
}

func without(kind, name string) func([]*unstructured.Unstructured) []*unstructured.Unstructured {
	return func(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
		return slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
			return o.GetKind() == kind && o.GetName() == name
		})
	}
}

func withoutAnnotation(kind, annotation string) func([]*unstructured.Unstructured) []*unstructured.Unstructured {
	return func(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
		var left []*unstructured.Unstructured
		for _, o := range objects {
			if o.GetKind() == kind {
				o = o.DeepCopy()
				unstructured.RemoveNestedField(o.Object, "metadata", "annotations", annotation)
			}
			left = append(left, o)
		}
		return left
	}
}

// kustomized are the objects of directories in config.
func kustomized(t *testing.T, dirs ...string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for _, dir := range dirs {
		objects, err := manifests.Build("../../../config/" + dir)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, objects...)
	}
	return all
}

func rendered(t *testing.T, content string) []*unstructured.Unstructured {
	t.Helper()
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(content), &values); err != nil {
		t.Fatal(err)
	}
	release := chart.Release{
		Dir: "../../../charts/meshingress", Name: "meshingress", Namespace: "meshingress-system",
		Values: values, KubeVersion: "1.36.3",
	}
	result, err := release.Render(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result.Objects
}

func summary(t *testing.T, objects []*unstructured.Unstructured) string {
	t.Helper()
	result, err := equal.Summary(objects)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
