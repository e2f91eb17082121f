// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/hack/dist/manifests"
)

// The policies ask people for rights that they may not have yet, so that nobody gets them
// unasked.
func TestAdmissionPoliciesAreInstalledOnlyWhenAskedFor(t *testing.T) {
	for dir, want := range map[string]int{"../../../config/admission": 2, "../../../config/default": 0} {
		objects, err := manifests.Build(dir)
		if err != nil {
			t.Fatal(err)
		}
		policies := slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool {
			return o.GetKind() != "ValidatingAdmissionPolicy"
		})
		if len(policies) != want {
			t.Errorf("%s has %d policies, want %d", dir, len(policies), want)
		}
	}
}
