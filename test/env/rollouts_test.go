// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package env_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/test/env"
)

func TestWithoutRolloutsLeavesEverythingElse(t *testing.T) {
	annotations := map[string]any{"kept": "yes"}
	workload := func(annotations map[string]any, more map[string]any) *unstructured.Unstructured {
		object := map[string]any{"metadata": map[string]any{"annotations": annotations}, "spec": map[string]any{}}
		for key, value := range more {
			object[key] = value
		}
		return &unstructured.Unstructured{Object: object}
	}
	rolledOut := workload(map[string]any{"kept": "yes", "deployment.kubernetes.io/revision": "3"},
		map[string]any{"status": map[string]any{"replicas": int64(1)}})
	rolledOut.SetManagedFields([]metav1.ManagedFieldsEntry{
		{Manager: "helm"}, {Manager: "kube-controller-manager", Subresource: "status"},
	})
	want := workload(annotations, nil)
	want.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "helm"}})
	service := workload(annotations, map[string]any{"status": map[string]any{}})

	got := env.Snapshot{
		"Deployment.apps a/web": rolledOut, "Service a/web": service.DeepCopy(), "Pod a/web-0": service.DeepCopy(),
	}.WithoutRollouts()
	if diff := cmp.Diff(env.Snapshot{"Deployment.apps a/web": want, "Service a/web": service}, got); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
}
