// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package equal

import (
	"fmt"
	"os"
	"path/filepath"

	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// OfBundle returns the objects that OLM makes of a bundle in the namespace that it
// suggests: those beside the ClusterServiceVersion, and from the latter its Deployments
// with their ServiceAccounts, roles and bindings.
func OfBundle(dir string) ([]*unstructured.Unstructured, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "manifests", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("listing the bundle: %w", err)
	}
	var objects []*unstructured.Unstructured
	csv := &operatorsv1alpha1.ClusterServiceVersion{}
	for _, path := range paths {
		obj, err := read(path)
		if err != nil {
			return nil, err
		}
		if obj.GetKind() != operatorsv1alpha1.ClusterServiceVersionKind {
			objects = append(objects, obj)
			continue
		}
		if err := manifests.Convert(obj, csv); err != nil {
			return nil, err
		}
	}
	namespace := csv.Annotations["operatorframework.io/suggested-namespace"]
	made, err := strategyObjects(csv.Spec.InstallStrategy.StrategySpec, namespace)
	if err != nil {
		return nil, err
	}
	return append(objects, made...), nil
}

func read(path string) (*unstructured.Unstructured, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle: %w", err)
	}
	objects, err := manifests.Decode(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", path, err)
	case len(objects) != 1:
		return nil, fmt.Errorf("%s holds %d objects, not one", path, len(objects))
	}
	return objects[0], nil
}

func strategyObjects(
	strategy operatorsv1alpha1.StrategyDetailsDeployment, namespace string,
) ([]*unstructured.Unstructured, error) {
	var made []runtime.Object
	for _, d := range strategy.DeploymentSpecs {
		meta := metav1.ObjectMeta{Name: d.Name, Namespace: namespace}
		made = append(made,
			&appsv1.Deployment{
				TypeMeta: typeMeta(appsv1.SchemeGroupVersion.String(), "Deployment"), ObjectMeta: meta, Spec: d.Spec,
			},
			&corev1.ServiceAccount{TypeMeta: typeMeta("v1", "ServiceAccount"), ObjectMeta: metav1.ObjectMeta{
				Name: d.Spec.Template.Spec.ServiceAccountName, Namespace: namespace,
			}})
	}
	for _, p := range strategy.ClusterPermissions {
		made = append(made, granted(p, "ClusterRole", namespace)...)
	}
	for _, p := range strategy.Permissions {
		made = append(made, granted(p, "Role", namespace)...)
	}
	var objects []*unstructured.Unstructured
	for _, obj := range made {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
		if err != nil {
			return nil, fmt.Errorf("writing what OLM makes: %w", err)
		}
		removeUnset(content)
		objects = append(objects, &unstructured.Unstructured{Object: content})
	}
	return objects, nil
}

// removeUnset takes out what Go's types write although nobody set it.
func removeUnset(content map[string]any) {
	unstructured.RemoveNestedField(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	if strategy, found, _ := unstructured.NestedMap(content, "spec", "strategy"); found && len(strategy) == 0 {
		unstructured.RemoveNestedField(content, "spec", "strategy")
	}
}

// granted are the role, a ClusterRole or a Role, and the binding for permissions.
func granted(p operatorsv1alpha1.StrategyDeploymentPermissions, kind, namespace string) []runtime.Object {
	meta := metav1.ObjectMeta{Name: p.ServiceAccountName, Namespace: namespace}
	return []runtime.Object{
		&rbacv1.Role{TypeMeta: typeMeta(rbacv1.SchemeGroupVersion.String(), kind), ObjectMeta: meta, Rules: p.Rules},
		&rbacv1.RoleBinding{
			TypeMeta: typeMeta(rbacv1.SchemeGroupVersion.String(), kind+"Binding"), ObjectMeta: meta,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: p.ServiceAccountName},
			Subjects: []rbacv1.Subject{{
				Kind: rbacv1.ServiceAccountKind, Name: p.ServiceAccountName, Namespace: namespace,
			}},
		},
	}
}

func typeMeta(version, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: version, Kind: kind}
}
