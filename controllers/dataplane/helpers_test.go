// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/internal/injection"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/env"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
)

// The data planes of the fixtures.
var (
	nginxWorkload   = v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "ingress-nginx", Name: "ingress-nginx-controller"}
	traefikWorkload = v1alpha1.WorkloadReference{Kind: "Deployment", Namespace: "traefik", Name: "traefik"}
	contourWorkload = v1alpha1.WorkloadReference{Kind: "DaemonSet", Namespace: "projectcontour", Name: "envoy"}
)

const (
	inject    = linkerd.InjectAnnotation
	skipPorts = linkerd.SkipInboundPortsAnnotation
)

// install applies fixtures, as whoever installs the vendors does.
func install(ctx SpecContext, names ...string) {
	GinkgoHelper()
	for _, name := range names {
		objects, err := fixtures.Objects(name)
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			expect.ExpectApplied(ctx, testEnv.Client, object)
		}
	}
}

func installLinkerd(ctx SpecContext) {
	GinkgoHelper()
	install(ctx, fixtures.Linkerd, fixtures.LinkerdInjector)
}

// cleanUp deletes what specs make, and lets classes go without a word.
func cleanUp(ctx SpecContext) {
	operator.Faults.Clear()
	var classes v1alpha1.MeshIngressClassList
	Expect(testEnv.Client.List(ctx, &classes)).To(Succeed())
	for i := range classes.Items {
		class := &classes.Items[i]
		// A manager may still be at work on it.
		free := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		Expect(client.IgnoreNotFound(testEnv.Client.Patch(ctx, class, free))).To(Succeed())
		Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, class))).To(Succeed())
	}
	kinds := []client.Object{
		&appsv1.Deployment{}, &appsv1.DaemonSet{}, &appsv1.StatefulSet{}, &batchv1.Job{}, &corev1.ConfigMap{},
		&networkingv1.Ingress{}, route("projectcontour.io", "v1", "HTTPProxy"), route("traefik.io", "v1alpha1", "IngressRoute"),
		route("gateway.networking.k8s.io", "v1", "Gateway"), route("gateway.envoyproxy.io", "v1alpha1", "EnvoyProxy"),
		route("projectcontour.io", "v1alpha1", "ContourDeployment"),
	}
	namespaces := []string{"ingress-nginx", "traefik", "projectcontour", "linkerd", "envoy-gateway-system", "infra"}
	for _, ns := range namespaces {
		for _, kind := range kinds {
			Expect(testEnv.Client.DeleteAllOf(ctx, kind, client.InNamespace(ns), client.PropagationPolicy(metav1.DeletePropagationBackground))).
				To(Succeed())
		}
		Expect(testEnv.Client.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(ns), client.GracePeriodSeconds(0))).To(Succeed())
		deleteServices(ctx, ns)
	}
	for _, kind := range []client.Object{&admissionv1.MutatingWebhookConfiguration{}, &networkingv1.IngressClass{}} {
		Expect(testEnv.Client.DeleteAllOf(ctx, kind)).To(Succeed())
	}
}

// pass lets time go by.
func pass(d time.Duration) { operator.Clock.SetTime(operator.Clock.Now().Add(d)) }

// deleteServices deletes them one by one, as the API server wants it.
func deleteServices(ctx SpecContext, namespace string) {
	var services corev1.ServiceList
	Expect(testEnv.Client.List(ctx, &services, client.InNamespace(namespace))).To(Succeed())
	for i := range services.Items {
		Expect(testEnv.Client.Delete(ctx, &services.Items[i])).To(Succeed())
	}
}

func route(group, version, kind string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: version, Kind: kind})
	return o
}

func newClass(ctx SpecContext, name string, vendor v1alpha1.Vendor, opts ...builders.ClassOption) *v1alpha1.MeshIngressClass {
	GinkgoHelper()
	class := builders.Class(name, vendor, opts...)
	expect.ExpectApplied(ctx, testEnv.Client, class)
	return class
}

// change changes the spec of a class, as a user does.
func change(ctx SpecContext, class *v1alpha1.MeshIngressClass, edit func(*v1alpha1.MeshIngressClass)) {
	GinkgoHelper()
	current := latest(ctx, class)
	edit(current)
	Expect(testEnv.Client.Update(ctx, current)).To(Succeed())
}

func latest[T client.Object](ctx SpecContext, object T) T {
	GinkgoHelper()
	return expect.ExpectExists(ctx, testEnv.Client, object)
}

// honest reconciles, and then sees to it that no class says more than is true.
type honest struct{}

func (honest) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	GinkgoHelper()
	result, err := reconciler.Reconcile(ctx, req)
	expectHonest(ctx)
	return result, err
}

// settle reconciles a class until there is nothing left to do.
func settle(ctx SpecContext, classes ...*v1alpha1.MeshIngressClass) ctrl.Result {
	GinkgoHelper()
	var result ctrl.Result
	for _, class := range classes {
		result = operator.ReconcileUntilSettled(ctx, honest{}, class)
	}
	return result
}

// remove deletes a class, and reconciles it until it is gone.
func remove(ctx SpecContext, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	expect.ExpectDeleted(ctx, testEnv.Client, class)
	settle(ctx, class)
	expect.ExpectNotFound(ctx, testEnv.Client, class)
}

func get(ctx context.Context, ref v1alpha1.WorkloadReference) injection.Workload {
	GinkgoHelper()
	key := client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}
	if ref.Kind == "DaemonSet" {
		d := &appsv1.DaemonSet{}
		Expect(testEnv.Client.Get(ctx, key, d)).To(Succeed())
		return injection.FromDaemonSet(d)
	}
	d := &appsv1.Deployment{}
	Expect(testEnv.Client.Get(ctx, key, d)).To(Succeed())
	return injection.FromDeployment(d)
}

// object is a workload that can be read, changed and deleted.
func object(ctx context.Context, ref v1alpha1.WorkloadReference) *unstructured.Unstructured {
	GinkgoHelper()
	o := route("apps", "v1", ref.Kind)
	Expect(testEnv.Client.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, o)).To(Succeed())
	return o
}

// linkerdAnnotations are those of Linkerd on a workload's pod template.
func linkerdAnnotations(ctx context.Context, ref v1alpha1.WorkloadReference) map[string]string {
	GinkgoHelper()
	found := map[string]string{}
	for k, v := range get(ctx, ref).Template.Annotations {
		if domain, _, _ := strings.Cut(k, "/"); strings.HasSuffix(domain, linkerd.AnnotationDomain) {
			found[k] = v
		}
	}
	return found
}

func generation(ctx SpecContext, ref v1alpha1.WorkloadReference) int64 {
	GinkgoHelper()
	return object(ctx, ref).GetGeneration()
}

// annotate sets annotations of a pod template as a user with kubectl does; an empty
// value removes one.
func annotate(ctx SpecContext, ref v1alpha1.WorkloadReference, annotations map[string]string) {
	GinkgoHelper()
	before := object(ctx, ref)
	after := before.DeepCopy()
	path := []string{"spec", "template", "metadata", "annotations"}
	all, _, err := unstructured.NestedStringMap(after.Object, path...)
	Expect(err).NotTo(HaveOccurred())
	if all == nil {
		all = map[string]string{}
	}
	for k, v := range annotations {
		if all[k] = v; v == "" {
			delete(all, k)
		}
	}
	Expect(unstructured.SetNestedStringMap(after.Object, all, path...)).To(Succeed())
	Expect(testEnv.Client.Patch(ctx, after, client.MergeFrom(before), client.FieldOwner("kubectl-edit"))).To(Succeed())
}

// edit changes anything of an object, as a user with kubectl does.
func edit[T client.Object](ctx SpecContext, obj T, doing func(T)) {
	GinkgoHelper()
	current := latest(ctx, obj)
	doing(current)
	Expect(testEnv.Client.Update(ctx, current, client.FieldOwner("kubectl-edit"))).To(Succeed())
}

// recreate deletes a workload and makes the same anew.
func recreate(ctx SpecContext, ref v1alpha1.WorkloadReference, fixture string) {
	GinkgoHelper()
	Expect(testEnv.Client.Delete(ctx, object(ctx, ref))).To(Succeed())
	install(ctx, fixture)
}

// expectHonest looks for itself at the pods of each class that says it is Ready.
func expectHonest(ctx context.Context) {
	GinkgoHelper()
	var classes v1alpha1.MeshIngressClassList
	Expect(testEnv.Client.List(ctx, &classes)).To(Succeed())
	for i := range classes.Items {
		class := &classes.Items[i]
		if !meta.IsStatusConditionTrue(class.Status.Conditions, v1alpha1.ConditionReady) {
			continue
		}
		Expect(class.Status.Workloads).NotTo(BeEmpty())
		for _, w := range class.Status.Workloads {
			if strings.HasPrefix(w.Message, "it is not found any more") {
				continue // its pods are told of, and not the class's
			}
			expectMeshed(ctx, get(ctx, w.WorkloadReference), injection.Mode(class.Status.Strategy))
		}
	}
}

func expectMeshed(ctx context.Context, w injection.Workload, mode string) {
	GinkgoHelper()
	Expect(w.RolledOut).To(BeTrue(), "%s says it is Ready and its rollout is under way", w)
	var pods corev1.PodList
	Expect(testEnv.Client.List(ctx, &pods, client.InNamespace(w.Namespace), client.MatchingLabels(w.Template.Labels))).To(Succeed())
	alive := 0
	for _, pod := range pods.Items {
		owner := metav1.GetControllerOf(&pod)
		if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning || owner == nil || owner.Kind == "Job" {
			continue
		}
		alive++
		Expect(hasProxy(&pod, mode)).To(BeTrue(), "%s says it is Ready without a proxy in mode %s in %s", w, mode, pod.Name)
	}
	Expect(alive).To(BeEquivalentTo(w.Desired), "%s says it is Ready without all of its pods", w)
}

func expectReady(ctx SpecContext, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	for condition, reason := range map[string]string{
		v1alpha1.ConditionAccepted:   v1alpha1.ReasonAccepted,
		v1alpha1.ConditionDiscovered: v1alpha1.ReasonDiscovered,
		v1alpha1.ConditionMeshed:     v1alpha1.ReasonMeshed,
		v1alpha1.ConditionReady:      v1alpha1.ReasonReady,
	} {
		expect.ExpectCondition(ctx, testEnv.Client, class, condition, metav1.ConditionTrue, reason)
	}
	expect.ExpectNoCondition(ctx, testEnv.Client, class, v1alpha1.ConditionConflicted)
}

// expectUnmeshed expects that a class is not Ready because it is not Meshed.
func expectUnmeshed(ctx SpecContext, class *v1alpha1.MeshIngressClass, reason string, substrings ...string) {
	GinkgoHelper()
	for _, condition := range []string{v1alpha1.ConditionMeshed, v1alpha1.ConditionReady} {
		expect.ExpectCondition(ctx, testEnv.Client, class, condition, metav1.ConditionFalse, reason)
		expect.ExpectConditionMessage(ctx, testEnv.Client, class, condition, substrings...)
	}
}

// snapshot is the cluster without what is the operator's own.
func snapshot(ctx SpecContext) env.Snapshot {
	GinkgoHelper()
	s, err := testEnv.Snapshot(ctx, func(o *unstructured.Unstructured) bool {
		return o.GroupVersionKind().Group == v1alpha1.GroupName
	})
	Expect(err).NotTo(HaveOccurred())
	for _, o := range s {
		// The API server counts the changes of a DaemonSet's pod template here.
		annotations := o.GetAnnotations()
		delete(annotations, appsv1.DeprecatedTemplateGeneration)
		o.SetAnnotations(annotations)
	}
	return s
}

func expectSame(ctx SpecContext, before env.Snapshot) {
	GinkgoHelper()
	expectNoDiff(before, snapshot(ctx))
}

// expectNoDiff shows the whole of a difference.
func expectNoDiff(before, after env.Snapshot) {
	GinkgoHelper()
	if diff := env.Diff(before, after); diff != "" {
		Fail(diff)
	}
}

// workloadWrites are the writing requests on workloads so far.
func workloadWrites() []string {
	var found []string
	for _, w := range operator.Writes.Writes() {
		if strings.Contains(w, "/apis/apps/") {
			found = append(found, w)
		}
	}
	return found
}

func pathOf(ref v1alpha1.WorkloadReference) string {
	return fmt.Sprintf("/apis/apps/v1/namespaces/%s/%ss/%s", ref.Namespace, strings.ToLower(ref.Kind), ref.Name)
}

// reconcileOnce reconciles a class once.
func reconcileOnce(ctx SpecContext, class *v1alpha1.MeshIngressClass) (ctrl.Result, error) {
	GinkgoHelper()
	return controllertest.Reconcile(ctx, honest{}, class)
}
