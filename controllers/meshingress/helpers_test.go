// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

// vendorCase is one way of one vendor to route.
type vendorCase struct {
	vendor   v1alpha1.Vendor
	routing  v1alpha1.Routing
	strategy v1alpha1.Strategy

	// kinds of the objects for a MeshIngress with one route.
	kinds []string

	// extra makes the vendor generate one object more.
	extra builders.MeshIngressOption

	// route is the kind that carries the routes, and tamper changes it as somebody
	// might who does not know whose it is.
	route  string
	tamper func(spec map[string]any)
}

func ingressNginx() vendorCase {
	return vendorCase{
		vendor: v1alpha1.VendorIngressNginx, routing: v1alpha1.RoutingAuto, strategy: v1alpha1.StrategyClusterIP,
		kinds: []string{"Ingress"}, route: "Ingress",
		extra:  builders.WithDefaultBackend("emoji-svc", "prom"),
		tamper: func(spec map[string]any) { spec["ingressClassName"] = "tampered" },
	}
}

func traefikClusterIP() vendorCase {
	return vendorCase{
		vendor: v1alpha1.VendorTraefik, routing: v1alpha1.RoutingAuto, strategy: v1alpha1.StrategyClusterIP,
		kinds: []string{"IngressRoute"}, route: "IngressRoute",
		extra: func(mi *v1alpha1.MeshIngress) {
			builders.WithRule("secure.example.com", "/", "emoji-svc", "prom")(mi)
			builders.WithTLS("certificate", "secure.example.com")(mi)
		},
		tamper: tamperWithIngressRoute,
	}
}

func traefikHeader() vendorCase {
	return vendorCase{
		vendor: v1alpha1.VendorTraefik, routing: v1alpha1.RoutingHeader, strategy: v1alpha1.StrategyHeader,
		kinds: []string{"IngressRoute", "Middleware"}, route: "IngressRoute",
		extra:  builders.WithRule("example.com", "/emoji", "emoji-svc", "prom"),
		tamper: tamperWithIngressRoute,
	}
}

func contour() vendorCase {
	return vendorCase{
		vendor: v1alpha1.VendorContour, routing: v1alpha1.RoutingAuto, strategy: v1alpha1.StrategyHeader,
		kinds: []string{"HTTPProxy"}, route: "HTTPProxy",
		extra:  builders.WithRule("emoji.example.com", "/", "emoji-svc", "prom"),
		tamper: func(spec map[string]any) { spec["virtualhost"] = map[string]any{"fqdn": "tampered.example.com"} },
	}
}

func tamperWithIngressRoute(spec map[string]any) {
	spec["routes"].([]any)[0].(map[string]any)["match"] = "Host(`tampered.example.com`)"
}

// forEachVendor makes one spec for each way of each vendor.
func forEachVendor(text string, body func(ctx SpecContext, v vendorCase)) {
	GinkgoHelper()
	DescribeTable(text, body,
		Entry("IngressNginx", ingressNginx()),
		Entry("Traefik with ClusterIP routing", traefikClusterIP()),
		Entry("Traefik with header routing", traefikHeader()),
		Entry("Contour", contour()),
	)
}

// namespaces counts Namespaces, so that each has a name of its own, and the later
// one's is the later by name, too.
var namespaces int

// createNamespace makes a Namespace with Services like those of emojivoto.
func createNamespace(ctx context.Context, labels map[string]string) string {
	GinkgoHelper()
	namespaces++
	ns := builders.Namespace(fmt.Sprintf("emojivoto-%03d", namespaces))
	ns.Labels = labels
	expect.ExpectApplied(ctx, user, ns,
		builders.Service(ns.Name, "web-svc", builders.ServicePort("http", 80)),
		builders.Service(ns.Name, "emoji-svc", builders.ServicePort("grpc", 8080), builders.ServicePort("prom", 8801)),
		builders.Service(ns.Name, "voting-svc", builders.ServicePort("grpc", 8080), builders.ServicePort("prom", 8801)),
	)
	return ns.Name
}

// createClass makes a class of its own for the spec.
func createClass(ctx context.Context, v vendorCase, opts ...builders.ClassOption) *v1alpha1.MeshIngressClass {
	GinkgoHelper()
	class := builders.Class("class-"+rand.String(8), v.vendor, append(opts, builders.WithRouting(v.routing))...)
	Expect(user.Create(ctx, class)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(user.Delete(ctx, class))).To(Succeed())
	})
	return class
}

// web is a MeshIngress of the spec's namespace with one route and a template.
func web(class *v1alpha1.MeshIngressClass, opts ...builders.MeshIngressOption) *v1alpha1.MeshIngress {
	mi := builders.MeshIngress("web", namespace,
		builders.WithClass(class.Name),
		builders.WithRule("example.com", "/", "web-svc", 80),
		builders.WithTemplate(map[string]string{"team": "emoji"}, map[string]string{"example.com/team": "emoji"}))
	for _, opt := range opts {
		opt(mi)
	}
	return mi
}

// create makes a MeshIngress, and takes its finalizer off after the spec.
func create(ctx context.Context, mi *v1alpha1.MeshIngress) *v1alpha1.MeshIngress {
	GinkgoHelper()
	Expect(user.Create(ctx, mi)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		left := mi.DeepCopy()
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
		Expect(client.IgnoreNotFound(user.Patch(ctx, left, patch))).To(Succeed())
		Expect(client.IgnoreNotFound(user.Delete(ctx, left))).To(Succeed())
	})
	return mi
}

// settle reconciles until nothing is written any more, and returns the object as
// it is then and the last result.
func settle(ctx context.Context, mi *v1alpha1.MeshIngress) (*v1alpha1.MeshIngress, reconcile.Result) {
	GinkgoHelper()
	result := operator.ReconcileUntilSettled(ctx, reconciler, mi)
	return expect.ExpectExists(ctx, user, mi), result
}

// change lets a user edit a MeshIngress.
func change(ctx context.Context, mi *v1alpha1.MeshIngress, edit func(*v1alpha1.MeshIngress)) {
	GinkgoHelper()
	current := expect.ExpectExists(ctx, user, mi)
	edit(current)
	Expect(user.Update(ctx, current)).To(Succeed())
}

// remove deletes a MeshIngress and reconciles it until it is gone.
func remove(ctx context.Context, mi *v1alpha1.MeshIngress) {
	GinkgoHelper()
	expect.ExpectDeleted(ctx, user, mi)
	operator.ReconcileUntilSettled(ctx, reconciler, mi)
	expect.ExpectNotFound(ctx, user, mi)
}

// withSpec takes a spec over, but for its class.
func withSpec(opts ...builders.MeshIngressOption) func(*v1alpha1.MeshIngress) {
	return func(mi *v1alpha1.MeshIngress) {
		mi.Spec = v1alpha1.MeshIngressSpec{ClassName: mi.Spec.ClassName}
		for _, opt := range opts {
			opt(mi)
		}
	}
}

// setMeshed writes what the controller of classes would have observed.
func setMeshed(
	ctx context.Context, class *v1alpha1.MeshIngressClass, v vendorCase, status metav1.ConditionStatus, reason, message string,
) {
	GinkgoHelper()
	current := expect.ExpectExists(ctx, user, class)
	current.Status.Strategy = v.strategy
	setFound(current)
	meta.SetStatusCondition(&current.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionMeshed, Status: status, Reason: reason, Message: message,
		ObservedGeneration: current.Generation,
	})
	Expect(user.Status().Update(ctx, current)).To(Succeed())
}

// setFound says that the controller of a class was found.
func setFound(class *v1alpha1.MeshIngressClass) {
	meta.SetStatusCondition(&class.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionDiscovered, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDiscovered,
		ObservedGeneration: class.Generation,
	})
}

// isFound writes it.
func isFound(ctx context.Context, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	current := expect.ExpectExists(ctx, user, class)
	setFound(current)
	Expect(user.Status().Update(ctx, current)).To(Succeed())
}

// isMeshed says that all pods of the class are meshed.
func isMeshed(ctx context.Context, class *v1alpha1.MeshIngressClass, v vendorCase) {
	GinkgoHelper()
	setMeshed(ctx, class, v, metav1.ConditionTrue, v1alpha1.ReasonMeshed, "2/2 pods are meshed")
}

// routeObjects reads the objects of the vendors' kinds in the spec's namespace, by
// "<kind>.<group>/<name>".
func routeObjects(ctx context.Context) map[string]*unstructured.Unstructured {
	GinkgoHelper()
	objects := map[string]*unstructured.Unstructured{}
	for _, k := range routeKinds() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(k.GroupVersionKind)
		err := user.List(ctx, list, client.InNamespace(namespace))
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue
		}
		Expect(err).NotTo(HaveOccurred())
		for i := range list.Items {
			o := &list.Items[i]
			objects[o.GroupVersionKind().GroupKind().String()+"/"+o.GetName()] = o
		}
	}
	return objects
}

// routeKinds are those that some vendor writes for a MeshIngress.
func routeKinds() []providers.Kind {
	var kinds []providers.Kind
	for _, p := range operator.Registry.All() {
		for _, k := range p.Describe().Writes {
			if !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	return kinds
}

// kindsOf lists the kinds of objects.
func kindsOf(objects map[string]*unstructured.Unstructured) []string {
	kinds := make([]string, 0, len(objects))
	for _, o := range objects {
		kinds = append(kinds, o.GetKind())
	}
	return kinds
}

// versionsOf are the resourceVersions of objects, which change with every write.
func versionsOf(objects map[string]*unstructured.Unstructured) map[string]string {
	versions := map[string]string{}
	for name, o := range objects {
		versions[name] = o.GetResourceVersion()
	}
	return versions
}

// routeObject reads the one object of the vendor that carries the routes.
func routeObject(ctx context.Context, v vendorCase) *unstructured.Unstructured {
	GinkgoHelper()
	for _, o := range routeObjects(ctx) {
		if o.GetKind() == v.route {
			return o
		}
	}
	Fail("there is no " + v.route)
	return nil
}

func specOf(o *unstructured.Unstructured) map[string]any { return o.Object["spec"].(map[string]any) }

// reconcileOnce returns the result of a reconcile that must not fail.
func reconcileOnce(ctx context.Context, mi *v1alpha1.MeshIngress) reconcile.Result {
	GinkgoHelper()
	result, err := controllertest.Reconcile(ctx, reconciler, mi)
	Expect(err).NotTo(HaveOccurred())
	return result
}

// withSpecRule is the only rule.
func withSpecRule[P builders.Port](host, path, service string, port P) builders.MeshIngressOption {
	return func(mi *v1alpha1.MeshIngress) {
		mi.Spec.Rules = nil
		builders.WithRule(host, path, service, port)(mi)
	}
}

func webService() *corev1.Service { return builders.Service(namespace, "web-svc") }

// longRetry is what a write that was refused waits for at least.
const longRetry = time.Minute

func readyOf(ctx context.Context, mi *v1alpha1.MeshIngress) metav1.Condition {
	GinkgoHelper()
	current := expect.ExpectExists(ctx, user, mi)
	ready := meta.FindStatusCondition(current.Status.Conditions, v1alpha1.ConditionReady)
	Expect(ready).NotTo(BeNil())
	return *ready
}

// label sets the label "ingress" of a Namespace.
func label(ctx context.Context, namespace, value string) {
	GinkgoHelper()
	ns := expect.ExpectExists(ctx, user, builders.Namespace(namespace))
	ns.Labels["ingress"] = strings.ReplaceAll(value, " ", "-")
	Expect(user.Update(ctx, ns)).To(Succeed())
}
