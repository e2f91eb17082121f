// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("The status of a MeshIngress", func() {
	conditionTypes := []string{
		v1alpha1.ConditionAccepted, v1alpha1.ConditionResolvedRefs, v1alpha1.ConditionProgrammed,
		v1alpha1.ConditionMeshed, v1alpha1.ConditionReady,
	}
	typesOf := func(mi *v1alpha1.MeshIngress) []string {
		var types []string
		for _, c := range mi.Status.Conditions {
			types = append(types, c.Type)
		}
		return types
	}

	It("has every condition from the first reconcile on, whatever is wrong", func(ctx SpecContext) {
		class := createClass(ctx, ingressNginx())
		for name, mi := range map[string]*v1alpha1.MeshIngress{
			"good":         builders.MeshIngress("good", namespace, builders.WithClass(class.Name), builders.WithRule("a.test", "/", "web-svc", 80)),
			"no-class":     builders.MeshIngress("no-class", namespace, builders.WithRule("b.test", "/", "web-svc", 80)),
			"no-service":   builders.MeshIngress("no-service", namespace, builders.WithClass(class.Name), builders.WithRule("c.test", "/", "nobody", 80)),
			"unserved-tls": builders.MeshIngress("tls", namespace, builders.WithClass(class.Name), builders.WithRule("d.test", "/", "web-svc", 81)),
		} {
			reconcileOnce(ctx, create(ctx, mi))
			current := expect.ExpectExists(ctx, user, mi)
			Expect(typesOf(current)).To(ConsistOf(conditionTypes), name)
			Expect(current.Status.ObservedGeneration).To(Equal(current.Generation), name)
			for _, c := range current.Status.Conditions {
				Expect(c.ObservedGeneration).To(Equal(current.Generation), name)
				Expect(c.Message).NotTo(BeEmpty(), name)
			}
		}
	})

	It("does not change while nothing changes, and follows the generation", func(ctx SpecContext) {
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, contour()))))
		for range 3 {
			reconcileOnce(ctx, mi)
		}
		again := expect.ExpectExists(ctx, user, mi)
		Expect(again.ResourceVersion).To(Equal(mi.ResourceVersion))
		Expect(again.Status).To(Equal(mi.Status))

		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.Template = nil })
		again, _ = settle(ctx, mi)
		Expect(again.Generation).To(BeNumerically(">", mi.Generation))
		for i, c := range again.Status.Conditions {
			Expect(c.ObservedGeneration).To(Equal(again.Generation))
			Expect(c.LastTransitionTime).To(Equal(mi.Status.Conditions[i].LastTransitionTime))
		}
	})

	It("shows 256 routes of more", func(ctx SpecContext) {
		var backends []v1alpha1.Backend
		for range 15 {
			backends = append(backends, builders.Backend("web-svc", 80))
		}
		mi := web(createClass(ctx, traefikClusterIP()))
		for i := range 20 {
			builders.WithPath("example.com", fmt.Sprintf("/%d", i), v1alpha1.PathTypePrefix, backends...)(mi)
		}
		mi, _ = settle(ctx, create(ctx, mi))
		Expect(mi.Status.Routes).To(HaveLen(256))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	})

	It("tells what the vendor refuses, in its words", func(ctx SpecContext) {
		v := contour()
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		verdict := func(status map[string]any) {
			GinkgoHelper()
			proxy := routeObject(ctx, v)
			proxy.Object["status"] = status
			Expect(user.Status().Update(ctx, proxy)).To(Succeed())
			operator.Writes.Reset()
			settle(ctx, mi)
		}
		verdict(map[string]any{"currentStatus": "invalid", "description": "Secret not found"})
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonNotAccepted)
		expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionProgrammed, "HTTPProxy "+routeObject(ctx, v).GetName(), "Secret not found")
		Expect(operator.Metric("meshingress_drift_corrections_total", "HTTPProxy")).To(BeZero())

		verdict(map[string]any{"currentStatus": "valid"})
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
		Expect(operator.Writes.Writes()).To(HaveLen(1))
	})

	It("shows notices, each as an event once", func(ctx SpecContext) {
		class := createClass(ctx, ingressNginx())
		older := strangersIngress("zz-older", class.Name, "web-svc")
		Expect(user.Create(ctx, older)).To(Succeed()) // in the same second the last by name counts as older
		mi, _ := settle(ctx, create(ctx, web(class)))
		Expect(mi.Status.Notices).NotTo(BeEmpty())
		notice := "Warning " + mi.Status.Notices[0].Reason + ": " + mi.Status.Notices[0].Message
		Expect(operator.Events.Events()).To(ContainElement(notice))
		seen := len(operator.Events.Events())
		change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.Template = nil })
		settle(ctx, mi)
		Expect(operator.Events.Events()).To(HaveLen(seen))
	})

	It("is written again soon where the object has changed since it was read", func(ctx SpecContext) {
		mi := create(ctx, web(createClass(ctx, ingressNginx())))
		edits := 0
		reconciler.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
			SubResourcePatch: func(
				ctx context.Context, c client.Client, sub string, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption,
			) error {
				// An annotation is no new generation, so its event brings no reconcile.
				edits++
				change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Annotations = map[string]string{"edit": fmt.Sprint(edits)} })
				return c.SubResource(sub).Patch(ctx, obj, patch, opts...)
			},
		})
		result := reconcileOnce(ctx, mi)
		Expect(edits).To(Equal(1))
		Expect(result.RequeueAfter).NotTo(BeZero())
		Expect(result.RequeueAfter).To(BeNumerically("<", longRetry))
	})

	It("says that Linkerd's configuration makes no sense, and keeps what it knew", func(ctx SpecContext) {
		v := contour()
		mi, _ := settle(ctx, create(ctx, web(createClass(ctx, v))))
		before := versionsOf(routeObjects(ctx))
		setLinkerdConfig(ctx, "clusterDomain: not a name")
		after, result := settle(ctx, mi)
		for _, c := range []string{v1alpha1.ConditionAccepted, v1alpha1.ConditionProgrammed, v1alpha1.ConditionReady} {
			expect.ExpectCondition(ctx, user, mi, c, metav1.ConditionUnknown, v1alpha1.ReasonLinkerdUnreadable)
			expect.ExpectConditionMessage(ctx, user, mi, c, "corrected", "clusterDomain in data.values of ConfigMap linkerd/linkerd-config")
		}
		Expect(result.RequeueAfter).To(BeNumerically(">=", longRetry))
		Expect(versionsOf(routeObjects(ctx))).To(Equal(before))
		Expect(after.Status.Routes).To(Equal(mi.Status.Routes))
		Expect(after.Status.Strategy).To(Equal(mi.Status.Strategy))

		setLinkerdConfig(ctx, "clusterDomain: example.internal")
		after, _ = settle(ctx, mi)
		Expect(after.Status.Routes[0].Destination).To(HaveSuffix(".svc.example.internal:80"))
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	})
})

// setLinkerdConfig installs a linkerd-config for the spec.
func setLinkerdConfig(ctx context.Context, values string) {
	GinkgoHelper()
	ns := builders.Namespace(linkerd.DefaultNamespace)
	Expect(client.IgnoreAlreadyExists(user.Create(ctx, ns))).To(Succeed())
	config := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: linkerd.DefaultNamespace, Name: linkerd.ConfigMapName},
		Data:       map[string]string{"values": values},
	}
	expect.ExpectApplied(ctx, user, config)
	DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(user.Delete(ctx, config))).To(Succeed()) })
}

// strangersIngress routes to a Service without the mesh.
func strangersIngress(name, class, service string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"ingressClassName": class,
		"rules": []any{map[string]any{"host": "older.example.com", "http": map[string]any{"paths": []any{map[string]any{
			"path": "/", "pathType": "Prefix",
			"backend": map[string]any{"service": map[string]any{"name": service, "port": map[string]any{"number": int64(80)}}},
		}}}}},
	}}}
	o.SetAPIVersion("networking.k8s.io/v1")
	o.SetKind("Ingress")
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}
