// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/env"
)

// snapshotOfUse is everything in the cluster that an upgrade of the operator is not about,
// with what tells of any write.
func snapshotOfUse(ctx context.Context) env.Snapshot {
	GinkgoHelper()
	now, err := cluster.ExactSnapshot(ctx, ofInstallation)
	Expect(err).NotTo(HaveOccurred())
	Expect(now).NotTo(BeEmpty())
	return now
}

// rewritten describes what has changed in a cluster that is in use, empty when nothing has.
// The only thing that a release may have to say otherwise than the one before is the status of
// its own kinds, and a write that says the same is one too many even there.
func rewritten(before, after env.Snapshot) string {
	before, after = maps.Clone(before), maps.Clone(after)
	for key, object := range before {
		now := after[key]
		if now == nil || object.GroupVersionKind().Group != v1alpha1.GroupName {
			continue
		}
		if !equality.Semantic.DeepEqual(object.Object["status"], now.Object["status"]) {
			before[key], after[key] = withoutStatus(object), withoutStatus(now)
		}
	}
	return env.Diff(before, after)
}

// withoutStatus is an object without its status and what tells of writes to it.
func withoutStatus(object *unstructured.Unstructured) *unstructured.Unstructured {
	object = object.DeepCopy()
	delete(object.Object, "status")
	object.SetResourceVersion("")
	object.SetManagedFields(slices.DeleteFunc(object.GetManagedFields(), func(f metav1.ManagedFieldsEntry) bool {
		return f.Subresource == "status"
	}))
	return object
}

// ofInstallation is true of what OLM keeps of its own, and of what it installs.
func ofInstallation(object *unstructured.Unstructured) bool {
	switch group := object.GroupVersionKind().Group; {
	case group == "operators.coreos.com":
		return true
	case group == "apiextensions.k8s.io":
		return strings.HasSuffix(object.GetName(), ".networking.meshingress.dev")
	case object.GetKind() == "Namespace":
		return object.GetName() == namespace
	}
	_, owned := object.GetLabels()["olm.owner"]
	return owned || object.GetNamespace() == namespace
}

// expectUpgradedCRDs expects the CRDs of this release's bundle.
func expectUpgradedCRDs(ctx context.Context) {
	GinkgoHelper()
	for _, name := range crdNames() {
		plural, group, _ := strings.Cut(name, ".")
		data, err := os.ReadFile(filepath.Join(root, "bundle", "manifests", group+"_"+plural+".yaml"))
		Expect(err).NotTo(HaveOccurred())
		var shipped, live apiextensionsv1.CustomResourceDefinition
		Expect(yaml.UnmarshalStrict(data, &shipped)).To(Succeed())
		Expect(c.Get(ctx, client.ObjectKey{Name: name}, &live)).To(Succeed())
		Expect(live.Spec.Versions).To(BeComparableTo(shipped.Spec.Versions), name)
	}
}

// expectIdle waits until the manager leads, has reconciled something, and has nothing to do.
func expectIdle(ctx context.Context) {
	GinkgoHelper()
	last := -1.0
	Eventually(ctx, func(g Gomega, ctx context.Context) {
		sums := metricSums(ctx, g)
		done := sums["controller_runtime_reconcile_total"]
		was := last
		last = done
		g.Expect(sums).To(HaveKeyWithValue("leader_election_master_status", BeEquivalentTo(1)))
		g.Expect(sums).To(HaveKeyWithValue("workqueue_depth", BeZero()))
		g.Expect(sums).To(HaveKeyWithValue("controller_runtime_active_workers", BeZero()))
		classes, ingresses := declared(ctx)
		g.Expect(done).To(BeNumerically(">=", len(classes)+len(ingresses)))
		g.Expect(done).To(Equal(was), "reconciles since the last look")
	}).WithPolling(2 * time.Second).Should(Succeed())
}

// metricSums are the manager's metrics, each summed over its labels.
func metricSums(ctx context.Context, g Gomega) map[string]float64 {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+metricsAddress+"/metrics", nil)
	g.Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	sums := map[string]float64{}
	for name, family := range families {
		for _, m := range family.Metric {
			// One of the two is nil, and its value then is 0.
			sums[name] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sums
}
