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
	current, condition, err := read(ctx, c, object, kind)
	switch {
	case err != nil:
		return "", err
	case condition == nil:
		return "none", nil
	case condition.ObservedGeneration != current.GetGeneration():
		return "outdated", nil
	default:
		return fmt.Sprintf("%s %s", condition.Status, condition.Reason), nil
	}
}

// Message is what one of the conditions says, read anew; empty where it is not there.
func Message(ctx context.Context, c client.Reader, object client.Object, kind string) (string, error) {
	_, condition, err := read(ctx, c, object, kind)
	if err != nil || condition == nil {
		return "", err
	}
	return condition.Message, nil
}

func read(
	ctx context.Context, c client.Reader, object client.Object, kind string,
) (client.Object, *metav1.Condition, error) {
	current := object.DeepCopyObject().(client.Object)
	if err := c.Get(ctx, client.ObjectKeyFromObject(object), current); err != nil {
		return nil, nil, fmt.Errorf("reading %T %s: %w", object, object.GetName(), err)
	}
	switch o := current.(type) {
	case *v1alpha1.MeshIngress:
		return current, meta.FindStatusCondition(o.Status.Conditions, kind), nil
	case *v1alpha1.MeshIngressClass:
		return current, meta.FindStatusCondition(o.Status.Conditions, kind), nil
	default:
		return nil, nil, fmt.Errorf("%T has no conditions", object)
	}
}
