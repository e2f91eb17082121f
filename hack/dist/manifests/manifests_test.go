// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"slices"
	"testing"

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
