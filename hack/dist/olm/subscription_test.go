// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/test/builders"
)

// namespace is where the operator is installed.
const namespace = "meshingress-system"

// subscribe asks OLM for the operator in a new Namespace, for the target Namespaces or, where
// none are given, for all.
func subscribe(ctx context.Context, config *operatorsv1alpha1.SubscriptionConfig, targets ...string) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{Namespace: namespace, Name: packageName}
	Expect(c.Create(ctx, builders.Namespace(namespace))).To(Succeed())
	Expect(c.Create(ctx, &operatorsv1.OperatorGroup{
		ObjectMeta: meta, Spec: operatorsv1.OperatorGroupSpec{TargetNamespaces: targets},
	})).To(Succeed())
	Expect(c.Create(ctx, &operatorsv1alpha1.Subscription{ObjectMeta: meta, Spec: &operatorsv1alpha1.SubscriptionSpec{
		CatalogSource: packageName, CatalogSourceNamespace: olmNamespace, Package: packageName, Channel: channel,
		InstallPlanApproval: operatorsv1alpha1.ApprovalAutomatic, Config: config,
	}})).To(Succeed())
}

// becomes waits until the ClusterServiceVersion of a release is in a phase, for a reason, and
// until there is no other. It returns it.
func becomes(
	ctx context.Context, name string, phase operatorsv1alpha1.ClusterServiceVersionPhase,
	reason operatorsv1alpha1.ConditionReason,
) operatorsv1alpha1.ClusterServiceVersion {
	GinkgoHelper()
	var all operatorsv1alpha1.ClusterServiceVersionList
	Eventually(ctx, func(g Gomega, ctx context.Context) {
		g.Expect(c.List(ctx, &all, client.InNamespace(namespace))).To(Succeed())
		g.Expect(all.Items).To(HaveLen(1))
		csv := all.Items[0]
		g.Expect(csv.Name).To(Equal(name))
		g.Expect(csv.Status.Phase).To(Equal(phase), "%s: %s", csv.Status.Reason, csv.Status.Message)
		g.Expect(csv.Status.Reason).To(Equal(reason), csv.Status.Message)
	}).Should(Succeed())
	return all.Items[0]
}

// succeeds waits until a release is installed, and is the only one.
func succeeds(ctx context.Context, name string) {
	GinkgoHelper()
	becomes(ctx, name, operatorsv1alpha1.CSVPhaseSucceeded, operatorsv1alpha1.CSVReasonInstallSuccessful)
}

// unsubscribe deletes the Subscription and what it has installed, as OLM's documentation has
// it, once OLM has done all that it does to install: a plan that is still carried out makes
// again what is deleted.
func unsubscribe(ctx context.Context) {
	GinkgoHelper()
	subscription := &operatorsv1alpha1.Subscription{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: packageName}}
	Eventually(ctx, func(g Gomega, ctx context.Context) {
		g.Expect(c.Get(ctx, client.ObjectKeyFromObject(subscription), subscription)).To(Succeed())
		g.Expect(subscription.Status.State).To(BeEquivalentTo(operatorsv1alpha1.SubscriptionStateAtLatest))
		g.Expect(planPhases(ctx, g)).To(HaveEach(operatorsv1alpha1.InstallPlanPhaseComplete))
	}).Should(Succeed())
	Expect(c.Delete(ctx, subscription)).To(Succeed())
	csv := &operatorsv1alpha1.ClusterServiceVersion{}
	csv.Namespace, csv.Name = namespace, subscription.Status.InstalledCSV
	Expect(c.Delete(ctx, csv)).To(Succeed())
}

// planPhases are the phases of all plans that OLM has made to install.
func planPhases(ctx context.Context, g Gomega) []operatorsv1alpha1.InstallPlanPhase {
	var plans operatorsv1alpha1.InstallPlanList
	g.Expect(c.List(ctx, &plans, client.InNamespace(namespace))).To(Succeed())
	var phases []operatorsv1alpha1.InstallPlanPhase
	for _, plan := range plans.Items {
		phases = append(phases, plan.Status.Phase)
	}
	return phases
}
