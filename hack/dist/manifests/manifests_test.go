// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/hack/dist/manifests"
)

func TestBuildReadsTheDefaultInstallation(t *testing.T) {
	objects, err := manifests.Build("../../../config/default")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"Namespace", "CustomResourceDefinition", "ClusterRole", "Deployment"} {
		if !slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == kind }) {
			t.Errorf("there is no %s", kind)
		}
	}
}

func TestBuildSaysWhichDirectoryIsWrong(t *testing.T) {
	if _, err := manifests.Build(t.TempDir()); err == nil {
		t.Error("an empty directory was built")
	}
}

func TestDecode(t *testing.T) {
	objects, err := manifests.Decode([]byte("# A comment.\n---\nkind: Service\nport: 80\n---\nkind: Job\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []*unstructured.Unstructured{
		{Object: map[string]any{"kind": "Service", "port": int64(80)}},
		{Object: map[string]any{"kind": "Job"}},
	}
	if diff := cmp.Diff(want, objects); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeSaysWhichDocumentIsWrong(t *testing.T) {
	for name, second := range map[string]string{"no YAML": "a: [", "no object": "a: b"} {
		t.Run(name, func(t *testing.T) {
			_, err := manifests.Decode([]byte("kind: Job\n---\n" + second))
			if err == nil || !strings.Contains(err.Error(), "document 2") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestConvertNamesTheObject(t *testing.T) {
	pod := &corev1.Pod{}
	good := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "web"}}}
	if err := manifests.Convert(good, pod); err != nil || pod.Name != "web" {
		t.Errorf("the pod is %q (%v)", pod.Name, err)
	}
	bad := &unstructured.Unstructured{Object: map[string]any{
		"kind": "Pod", "metadata": map[string]any{"name": "web"}, "spec": "none",
	}}
	if err := manifests.Convert(bad, pod); err == nil || !strings.Contains(err.Error(), "Pod web") {
		t.Errorf("the error is %v", err)
	}
}
