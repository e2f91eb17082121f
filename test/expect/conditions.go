// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package expect

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// ExpectCondition reads the MeshIngress or MeshIngressClass anew, expects the
// condition with this status and reason, observed at the object's generation, and
// returns it.
func ExpectCondition(
	ctx context.Context, c client.Client, object client.Object,
	conditionType string, status metav1.ConditionStatus, reason string,
) metav1.Condition {
	GinkgoHelper()
	current := ExpectExists(ctx, c, object)
	all := conditions(current)
	condition := meta.FindStatusCondition(all, conditionType)
	Expect(condition).NotTo(BeNil(), "%s has no condition %s: %+v", describe(c, object), conditionType, all)
	got := fmt.Sprintf("%s=%s reason %s", condition.Type, condition.Status, condition.Reason)
	want := fmt.Sprintf("%s=%s reason %s", conditionType, status, reason)
	Expect(got).To(Equal(want), "%s, with the message %q", describe(c, object), condition.Message)
	Expect(condition.ObservedGeneration).To(Equal(current.GetGeneration()), "observedGeneration of %s", conditionType)
	return *condition
}

// ExpectConditionMessage reads the object anew and expects each substring in the
// message of the condition.
func ExpectConditionMessage(
	ctx context.Context, c client.Client, object client.Object, conditionType string, substrings ...string,
) {
	GinkgoHelper()
	condition := meta.FindStatusCondition(conditions(ExpectExists(ctx, c, object)), conditionType)
	Expect(condition).NotTo(BeNil(), "%s has no condition %s", describe(c, object), conditionType)
	for _, substring := range substrings {
		Expect(condition.Message).To(ContainSubstring(substring))
	}
}

// ExpectNoCondition reads the object anew and expects that it does not have the
// condition at all, as with those that are there only while they are true.
func ExpectNoCondition(ctx context.Context, c client.Client, object client.Object, conditionType string) {
	GinkgoHelper()
	condition := meta.FindStatusCondition(conditions(ExpectExists(ctx, c, object)), conditionType)
	Expect(condition).To(BeNil(), "%s has the condition %s: %+v", describe(c, object), conditionType, condition)
}

func conditions(object client.Object) []metav1.Condition {
	GinkgoHelper()
	switch o := object.(type) {
	case *v1alpha1.MeshIngress:
		return o.Status.Conditions
	case *v1alpha1.MeshIngressClass:
		return o.Status.Conditions
	}
	Fail(fmt.Sprintf("%T has no conditions that this package knows", object))
	return nil
}
