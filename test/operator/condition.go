// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
)

// Condition reads a MeshIngress or MeshIngressClass anew and returns one of its
// conditions as "<status> <reason>", for a suite to wait for. It is "none" where
// the condition is not there, and "outdated" where it is about an older generation.
func Condition(ctx context.Context, c client.Reader, object client.Object, kind string) (string, error) {
	current := object.DeepCopyObject().(client.Object)
	if err := c.Get(ctx, client.ObjectKeyFromObject(object), current); err != nil {
		return "", fmt.Errorf("reading %T %s: %w", object, object.GetName(), err)
	}
	var conditions []metav1.Condition
	switch o := current.(type) {
	case *v1alpha1.MeshIngress:
		conditions = o.Status.Conditions
	case *v1alpha1.MeshIngressClass:
		conditions = o.Status.Conditions
	default:
		return "", fmt.Errorf("%T has no conditions", object)
	}
	condition := meta.FindStatusCondition(conditions, kind)
	switch {
	case condition == nil:
		return "none", nil
	case condition.ObservedGeneration != current.GetGeneration():
		return "outdated", nil
	default:
		return fmt.Sprintf("%s %s", condition.Status, condition.Reason), nil
	}
}
