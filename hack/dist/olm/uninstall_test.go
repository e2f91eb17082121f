// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	coordinationv1 "k8s.io/api/coordination/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
)

// crdNames are the operator's.
func crdNames() []string {
	return []string{"meshingressclasses.networking.meshingress.dev", "meshingresses.networking.meshingress.dev"}
}

// record is what OLM keeps of an operator.
const record = "+ Operator.operators.coreos.com " + packageName + "." + namespace

// leftByOLM are the differences that stay after the Subscription and the
// ClusterServiceVersion are deleted, all of which uninstalling leaves to the platform team:
// the CRDs, so that the objects of users stay, with the roles for people that OLM makes for
// each CRD and aggregates into those of Kubernetes; and OLM's own record of the operator,
// which it makes again as long as anything has its label, as the CRDs do.
func leftByOLM() []any {
	keys := []any{
		"~ ClusterRole.rbac.authorization.k8s.io admin",
		"~ ClusterRole.rbac.authorization.k8s.io edit",
		"~ ClusterRole.rbac.authorization.k8s.io view",
		record,
	}
	for _, name := range crdNames() {
		keys = append(keys, "+ CustomResourceDefinition.apiextensions.k8s.io "+name)
		for _, role := range []string{"admin", "edit", "view", "crdview"} {
			keys = append(keys, "+ ClusterRole.rbac.authorization.k8s.io "+name+"-v1alpha1-"+role)
		}
	}
	return keys
}

// madeToInstall are the differences that the platform team made itself before it subscribed,
// and what Kubernetes and OLM make for each Namespace and OperatorGroup.
func madeToInstall() []any {
	keys := []any{
		"+ CatalogSource.operators.coreos.com " + olmNamespace + "/" + packageName,
		"+ Namespace " + namespace,
		"+ ServiceAccount " + namespace + "/default",
		"+ OperatorGroup.operators.coreos.com " + namespace + "/" + packageName,
	}
	for _, role := range []string{"admin", "edit", "view"} {
		keys = append(keys, HavePrefix("+ ClusterRole.rbac.authorization.k8s.io olm.og."+packageName+"."+role+"-"))
	}
	return keys
}

// expectUninstalled uninstalls the operator step by step, and expects that the cluster is in
// the end what it was before.
func expectUninstalled(ctx context.Context) {
	GinkgoHelper()
	By("deleting the Subscription and the ClusterServiceVersion")
	unsubscribe(ctx)
	expectDifference(ctx, slices.Concat(leftByOLM(), madeToInstall())...)
	expectOnlyLease(ctx)

	By("deleting what was made to install it")
	deleteMadeToInstall(ctx)
	expectDifference(ctx, leftByOLM()...)

	By("deleting the CRDs, and then the record that OLM kept for them")
	deleteCRDs(ctx)
}

func deleteMadeToInstall(ctx context.Context) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{Namespace: namespace, Name: packageName}
	Expect(c.Delete(ctx, &operatorsv1.OperatorGroup{ObjectMeta: meta})).To(Succeed())
	Expect(c.Delete(ctx, builders.Namespace(namespace))).To(Succeed())
	meta.Namespace = olmNamespace
	Expect(c.Delete(ctx, &operatorsv1alpha1.CatalogSource{ObjectMeta: meta})).To(Succeed())
}

// deleteCRDs deletes what is left of the operator, and expects that nothing else is left.
func deleteCRDs(ctx context.Context) {
	GinkgoHelper()
	var definitions []*apiextensionsv1.CustomResourceDefinition
	for _, name := range crdNames() {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		Expect(c.Get(ctx, client.ObjectKey{Name: name}, crd)).To(Succeed())
		definitions = append(definitions, crd)
	}
	Expect(cluster.DeleteCRDs(ctx, definitions...)).To(Succeed())
	expectDifference(ctx, record)
	Expect(c.Delete(ctx, &operatorsv1.Operator{ObjectMeta: metav1.ObjectMeta{Name: packageName + "." + namespace}})).
		To(Succeed())
	expectDifference(ctx)
}

// expectOnlyLease expects that of the kinds that snapshots leave out one object is left, which
// goes with its Namespace: that by which replicas of the manager agreed on one.
func expectOnlyLease(ctx context.Context) {
	GinkgoHelper()
	var leases coordinationv1.LeaseList
	Expect(c.List(ctx, &leases, client.InNamespace(namespace))).To(Succeed())
	Expect(leases.Items).To(HaveLen(1))
	Expect(leases.Items[0].Name).To(Equal("meshingress.networking.meshingress.dev"))
	Expect(leases.Items[0].Spec.HolderIdentity).To(HaveValue(BeEmpty()))
}

// expectDifference waits until the cluster differs from what it was before by these objects
// alone: "+ <key>" is one that is new, "- <key>" one that is gone, "~ <key>" one that has
// changed.
func expectDifference(ctx context.Context, keys ...any) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega, ctx context.Context) {
		g.Expect(difference(before, snapshot(ctx, g))).To(ConsistOf(keys...))
	}).Should(Succeed())
}

func difference(before, after env.Snapshot) []string {
	var keys []string
	for key, object := range after {
		switch was, there := before[key]; {
		case !there:
			keys = append(keys, "+ "+key)
		case env.Diff(env.Snapshot{key: was}, env.Snapshot{key: object}) != "":
			keys = append(keys, "~ "+key)
		}
	}
	for key := range before {
		if _, there := after[key]; !there {
			keys = append(keys, "- "+key)
		}
	}
	return keys
}
