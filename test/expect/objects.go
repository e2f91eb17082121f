// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package expect

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// ExpectApplied creates the objects in order, or updates those that exist, and
// leaves in each what the API server answered. An update keeps the finalizers
// that are there, as a user's does. Where an object carries a status, that is
// written too, as a controller would.
func ExpectApplied(ctx context.Context, c client.Client, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		withStatus := object.DeepCopyObject().(client.Object)
		Expect(createOrUpdate(ctx, c, object)).To(Succeed(), "applying %s", describe(c, object))
		if !hasStatus(withStatus) {
			continue
		}
		withStatus.SetUID(object.GetUID())
		withStatus.SetResourceVersion(object.GetResourceVersion())
		Expect(c.Status().Update(ctx, withStatus)).To(Succeed(), "applying the status of %s", describe(c, object))
		object.SetResourceVersion(withStatus.GetResourceVersion())
		Expect(c.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	}
}

func createOrUpdate(ctx context.Context, c client.Client, object client.Object) error {
	current := object.DeepCopyObject().(client.Object)
	err := c.Get(ctx, client.ObjectKeyFromObject(object), current)
	if apierrors.IsNotFound(err) {
		return c.Create(ctx, object)
	}
	if err != nil {
		return err
	}
	object.SetResourceVersion(current.GetResourceVersion())
	object.SetFinalizers(current.GetFinalizers())
	return c.Update(ctx, object)
}

// hasStatus reports whether any field of status is set.
func hasStatus(object client.Object) bool {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	Expect(err).NotTo(HaveOccurred())
	status, _ := content["status"].(map[string]any)
	for _, value := range status {
		if nested, ok := value.(map[string]any); !ok || len(nested) > 0 {
			return true
		}
	}
	return false
}

// ExpectDeleted deletes the objects in order. An object with finalizers stays
// until they are taken off.
func ExpectDeleted(ctx context.Context, c client.Client, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		Expect(c.Delete(ctx, object)).To(Succeed(), "deleting %s", describe(c, object))
	}
}

// ExpectExists reads the object anew, into a copy that it returns.
func ExpectExists[T client.Object](ctx context.Context, c client.Client, object T) T {
	GinkgoHelper()
	current := object.DeepCopyObject().(T)
	Expect(c.Get(ctx, client.ObjectKeyFromObject(object), current)).To(Succeed(), "getting %s", describe(c, object))
	return current
}

// ExpectNotFound expects that none of the objects exists.
func ExpectNotFound(ctx context.Context, c client.Client, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		current := object.DeepCopyObject().(client.Object)
		err := c.Get(ctx, client.ObjectKeyFromObject(object), current)
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%s should not exist, got error %v", describe(c, object), err)
	}
}

func describe(c client.Client, object client.Object) string {
	kind := fmt.Sprintf("%T", object)
	if gvk, err := apiutil.GVKForObject(object, c.Scheme()); err == nil {
		kind = gvk.Kind
	}
	return kind + " " + client.ObjectKeyFromObject(object).String()
}
