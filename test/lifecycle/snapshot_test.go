// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"maps"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/test/env"
)

// snapshot reads the whole cluster. Beside what env.Snapshot leaves out it leaves
// out what says how often or in what order something was written, and not what is
// there:
//
//   - the count of its templates that the API server keeps on a DaemonSet, in the
//     annotation deprecated.daemonset.template.generation;
//   - which manager was the first to put anything into a map that was not there,
//     the key "." of managed fields.
func snapshot(ctx context.Context) env.Snapshot {
	GinkgoHelper()
	s, err := testEnv.Snapshot(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range s {
		annotations := o.GetAnnotations()
		delete(annotations, appsv1.DeprecatedTemplateGeneration)
		o.SetAnnotations(annotations)
		managed, _, err := unstructured.NestedSlice(o.Object, "metadata", "managedFields")
		Expect(err).NotTo(HaveOccurred())
		for _, entry := range managed {
			withoutOrder(entry)
		}
		Expect(unstructured.SetNestedSlice(o.Object, managed, "metadata", "managedFields")).To(Succeed())
	}
	return s
}

func withoutOrder(fields any) {
	m, ok := fields.(map[string]any)
	if !ok {
		return
	}
	maps.DeleteFunc(m, func(key string, _ any) bool {
		return key == "." || key == "f:"+appsv1.DeprecatedTemplateGeneration
	})
	for _, inner := range m {
		withoutOrder(inner)
	}
}

// expectEqual fails with the difference of two snapshots.
func expectEqual(expected, found env.Snapshot) {
	GinkgoHelper()
	if diff := env.Diff(expected, found); diff != "" {
		Fail("what was only expected has a -, what was only found a +:\n" + diff)
	}
}
