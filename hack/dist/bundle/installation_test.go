// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/hack/dist/manifests"
	"github.com/meshingress/meshingress/internal/permissions"
	"github.com/meshingress/meshingress/providers/all"
)

// The bundle and config/default are the same installation.

func TestTheBundleRunsTheDeploymentOfTheDefaultInstallation(t *testing.T) {
	want := &appsv1.Deployment{}
	convert(t, byKind(t, installation(t), "Deployment")[0], want)
	strategy := load(t, root+"/bundle").CSV.Spec.InstallStrategy.StrategySpec
	if n := len(strategy.DeploymentSpecs); n != 1 {
		t.Fatalf("there are %d Deployments", n)
	}
	got := strategy.DeploymentSpecs[0]
	want.Spec.Template.Spec.Containers[0].Image = got.Spec.Template.Spec.Containers[0].Image
	if got.Name != want.Name {
		t.Errorf("the Deployment is called %s, not %s", got.Name, want.Name)
	}
	if diff := cmp.Diff(want.Labels, map[string]string(got.Label)); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
}

// What the ServiceAccount may do is what internal/permissions derives from the vendors,
// read another way than through the files of config/rbac; nothing that is opt-in.
func TestTheBundleGrantsWhatTheVendorsNeed(t *testing.T) {
	want := permissions.Base().All()
	registry, err := all.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range registry.All() {
		want = append(want, permissions.Vendor(p.Describe()).All()...)
	}
	csv := load(t, root+"/bundle").CSV
	strategy := csv.Spec.InstallStrategy.StrategySpec
	expectRules(t, want, strategy.ClusterPermissions)
	expectRules(t, permissions.LeaderElection(), strategy.Permissions)
}

func expectRules(t *testing.T, want []rbacv1.PolicyRule, got []operatorsv1alpha1.StrategyDeploymentPermissions) {
	t.Helper()
	if len(got) != 1 || got[0].ServiceAccountName != "meshingress-controller-manager" {
		t.Fatalf("the permissions are not those of one ServiceAccount, the manager's: %v", got)
	}
	if diff := cmp.Diff(single(want), single(got[0].Rules)); diff != "" {
		t.Errorf("what may be done (-want +got):\n%s", diff)
	}
}

// single splits rules into one for each group, resource, name and verb.
func single(rules []rbacv1.PolicyRule) map[string]bool {
	result := map[string]bool{}
	for _, r := range rules {
		names := r.ResourceNames
		if len(names) == 0 {
			names = []string{"*"}
		}
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, name := range names {
					for _, verb := range r.Verbs {
						result[verb+" "+resource+"."+group+" "+name] = true
					}
				}
			}
		}
	}
	return result
}

// Every other object of the installation is in the bundle as it is, but for what OLM
// makes by itself.
func TestTheBundleHoldsTheOtherObjects(t *testing.T) {
	byOLM := []string{
		"ClusterRole", "ClusterRoleBinding", "Deployment", "Namespace", "Role", "RoleBinding", "ServiceAccount",
	}
	want := map[string]any{}
	for _, obj := range installation(t) {
		if !slices.Contains(byOLM, obj.GetKind()) {
			obj.SetNamespace("")
			want[obj.GetKind()+" "+obj.GetName()] = content(t, obj)
		}
	}
	got := map[string]any{}
	for _, obj := range load(t, root+"/bundle").Objects {
		if obj.GetKind() != operatorsv1alpha1.ClusterServiceVersionKind {
			got[obj.GetKind()+" "+obj.GetName()] = content(t, obj)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-installation +bundle):\n%s", diff)
	}
}

// content is the object with all numbers of one type.
func content(t *testing.T, obj *unstructured.Unstructured) map[string]any {
	t.Helper()
	data, err := yaml.Marshal(obj.Object)
	if err != nil {
		t.Fatal(err)
	}
	var result map[string]any
	if err := yaml.Unmarshal(data, &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func installation(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifests.Build(root + "/config/default")
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func byKind(t *testing.T, objects []*unstructured.Unstructured, kind string) []*unstructured.Unstructured {
	t.Helper()
	var result []*unstructured.Unstructured
	for _, obj := range objects {
		if obj.GetKind() == kind {
			result = append(result, obj)
		}
	}
	if len(result) == 0 {
		t.Fatalf("there is no %s", kind)
	}
	return result
}

func convert(t *testing.T, obj *unstructured.Unstructured, into any) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, into); err != nil {
		t.Fatal(err)
	}
}
