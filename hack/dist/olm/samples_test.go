// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build olm

package olm_test

import (
	"context"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/hack/dist/manifests"
	"github.com/meshingress/meshingress/internal/linkerd"
)

// apply applies objects, in order.
func apply(ctx context.Context, as client.FieldOwner, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	for _, object := range objects {
		Expect(c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), as)).
			To(Succeed(), "applying %s %s", object.GetKind(), object.GetName())
	}
}

// useSamples does what users of a release do: it applies the samples of its tree, three
// ingress controllers and the routes of an application through each, and waits until they
// are Ready.
func useSamples(ctx context.Context, source string) {
	GinkgoHelper()
	samples, err := manifests.Build(filepath.Join(source, "config", "samples"))
	Expect(err).NotTo(HaveOccurred())
	Expect(samples).To(HaveLen(6))
	apply(ctx, user, samples)
	expectReady(ctx)
	expectRoutes(ctx)
	expectInjected(ctx)
}

// expectReady waits until every MeshIngressClass and MeshIngress is Ready, and the pods are
// replaced.
func expectReady(ctx context.Context) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega, ctx context.Context) {
		classes, ingresses := declared(ctx)
		g.Expect(classes).To(HaveLen(3))
		g.Expect(ingresses).To(HaveLen(3))
		for _, class := range classes {
			g.Expect(readiness(class.Generation, class.Status.Conditions)).To(Equal("True"), class.Name)
		}
		for _, ingress := range ingresses {
			g.Expect(readiness(ingress.Generation, ingress.Status.Conditions)).To(Equal("True"), ingress.Name)
		}
	}).Should(Succeed())
	expectRolledOut(ctx)
}

// expectRoutes expects what each MeshIngress says was made for it.
func expectRoutes(ctx context.Context) {
	GinkgoHelper()
	_, ingresses := declared(ctx)
	for _, ingress := range ingresses {
		Expect(ingress.Status.Inventory).NotTo(BeEmpty(), ingress.Name)
		for _, entry := range ingress.Status.Inventory {
			route := &unstructured.Unstructured{}
			route.SetGroupVersionKind(schema.GroupVersionKind{Group: entry.Group, Version: entry.Version, Kind: entry.Kind})
			Expect(c.Get(ctx, client.ObjectKey{Namespace: entry.Namespace, Name: entry.Name}, route)).To(Succeed())
			Expect(route.GetLabels()).To(HaveKey(v1alpha1.OwnerLabel), entry.Name)
		}
	}
}

// declared lists all objects of the operator's kinds.
func declared(ctx context.Context) ([]v1alpha1.MeshIngressClass, []v1alpha1.MeshIngress) {
	GinkgoHelper()
	var classes v1alpha1.MeshIngressClassList
	var ingresses v1alpha1.MeshIngressList
	Expect(c.List(ctx, &classes)).To(Succeed())
	Expect(c.List(ctx, &ingresses)).To(Succeed())
	return classes.Items, ingresses.Items
}

// readiness is the status of the condition Ready, or why it is not True.
func readiness(generation int64, conditions []metav1.Condition) string {
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil || ready.ObservedGeneration != generation:
		return "not looked at yet"
	case ready.Status == metav1.ConditionTrue:
		return "True"
	}
	return ready.Reason + ": " + ready.Message
}

// expectInjected expects the annotations for Linkerd's injector on the pod templates of the
// ingress controllers, in the mode of each.
func expectInjected(ctx context.Context) {
	GinkgoHelper()
	for _, workload := range []struct{ kind, namespace, name, mode string }{
		{"Deployment", "ingress-nginx", "ingress-nginx-controller", linkerd.InjectEnabled},
		{"Deployment", "traefik", "traefik", linkerd.InjectEnabled},
		{"DaemonSet", "projectcontour", "envoy", linkerd.InjectIngress},
	} {
		live := &unstructured.Unstructured{}
		live.SetAPIVersion("apps/v1")
		live.SetKind(workload.kind)
		Expect(c.Get(ctx, client.ObjectKey{Namespace: workload.namespace, Name: workload.name}, live)).To(Succeed())
		annotations, _, err := unstructured.NestedStringMap(live.Object, "spec", "template", "metadata", "annotations")
		Expect(err).NotTo(HaveOccurred())
		Expect(annotations).To(HaveKeyWithValue(linkerd.InjectAnnotation, workload.mode), workload.name)
	}
}

// deleteSamples deletes all that users declared, routes first, and waits until the operator
// has let go of it.
func deleteSamples(ctx context.Context) {
	GinkgoHelper()
	classes, ingresses := declared(ctx)
	for _, ingress := range ingresses {
		Expect(c.Delete(ctx, &ingress)).To(Succeed())
	}
	for _, class := range classes {
		Expect(c.Delete(ctx, &class)).To(Succeed())
	}
	Eventually(ctx, func(g Gomega, ctx context.Context) {
		classes, ingresses := declared(ctx)
		g.Expect(classes).To(BeEmpty())
		g.Expect(ingresses).To(BeEmpty())
	}).Should(Succeed())
	expectRolledOut(ctx)
}
