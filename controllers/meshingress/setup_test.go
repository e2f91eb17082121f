// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/controllertest"
	"github.com/meshingress/meshingress/controllers/meshingress"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/test/builders"
)

var _ = Describe("An event", func() {
	var class, other *v1alpha1.MeshIngressClass
	var requestWeb, requestVoting, requestDefault reconcile.Request

	BeforeEach(func(ctx SpecContext) {
		class, other = createClass(ctx, ingressNginx()), createClass(ctx, contour())
		request := func(mi *v1alpha1.MeshIngress) reconcile.Request {
			create(ctx, mi)
			return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(mi)}
		}
		requestWeb = request(web(class, builders.WithExternalAuth("auth", "authn", 80, "/")))
		requestVoting = request(builders.MeshIngress("voting", namespace,
			builders.WithClass(other.Name), builders.WithRule("voting.example.com", "/", "voting-svc", 8080)))
		requestDefault = request(builders.MeshIngress("default", namespace, builders.WithDefaultBackend("web-svc", 80)))
	})

	It("of a class asks for its MeshIngresses and for those without class", func(ctx SpecContext) {
		Expect(meshingress.OfClass(reconciler, ctx, class)).To(ConsistOf(requestWeb, requestDefault))
		Expect(meshingress.OfClass(reconciler, ctx, other)).To(ConsistOf(requestVoting, requestDefault))
	})

	It("of a Service asks for those that name it, in whatever namespace", func(ctx SpecContext) {
		of := func(namespace, name string) []reconcile.Request {
			return meshingress.OfService(reconciler, ctx, builders.Service(namespace, name))
		}
		Expect(of(namespace, "web-svc")).To(ConsistOf(requestWeb, requestDefault))
		Expect(of(namespace, "voting-svc")).To(ConsistOf(requestVoting))
		Expect(of("auth", "authn")).To(ConsistOf(requestWeb))
		Expect(of(namespace, "authn")).To(BeEmpty())
		Expect(of("auth", "web-svc")).To(BeEmpty())
	})

	It("of a Namespace asks for those in it", func(ctx SpecContext) {
		Expect(meshingress.OfNamespace(reconciler, ctx, builders.Namespace(namespace))).
			To(ConsistOf(requestWeb, requestVoting, requestDefault))
		Expect(meshingress.OfNamespace(reconciler, ctx, builders.Namespace("nobody"))).To(BeEmpty())
	})

	It("of a Namespace asks for those elsewhere that name a Service in it, for its opaque ports", func(ctx SpecContext) {
		Expect(meshingress.OfNamespace(reconciler, ctx, builders.Namespace("auth"))).To(ConsistOf(requestWeb))
	})

	It("of a Namespace asks for those elsewhere that share a route, for a class may allow it from now on", func(ctx SpecContext) {
		inside := namespace
		namespace = createNamespace(ctx, nil)
		create(ctx, web(class))
		Expect(meshingress.OfNamespace(reconciler, ctx, builders.Namespace(namespace))).To(ContainElement(requestWeb))
		Expect(meshingress.OfNamespace(reconciler, ctx, builders.Namespace(namespace))).NotTo(ContainElement(requestVoting))
		Expect(requestWeb.Namespace).To(Equal(inside))
	})

	It("of a MeshIngress asks for those with a route or a host of its", func(ctx SpecContext) {
		same := builders.MeshIngress("same", "elsewhere", builders.WithRule("example.com", "/other", "web-svc", 80))
		Expect(meshingress.WithSameRoute(reconciler, ctx, same)).To(ContainElement(requestWeb))
		Expect(meshingress.WithSameRoute(reconciler, ctx, same)).NotTo(ContainElement(requestVoting))
		fallback := builders.MeshIngress("fallback", "elsewhere", builders.WithDefaultBackend("web-svc", 80))
		Expect(meshingress.WithSameRoute(reconciler, ctx, fallback)).To(ConsistOf(requestDefault))
		lonely := builders.MeshIngress("lonely", "elsewhere", builders.WithRule("lonely.example.com", "/", "web-svc", 80))
		Expect(meshingress.WithSameRoute(reconciler, ctx, lonely)).To(BeEmpty())
	})

	It("of a CRD asks for all where it is a vendor's", func(ctx SpecContext) {
		of := func(name string) []reconcile.Request {
			return meshingress.OfCRD(reconciler, ctx, &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: name}})
		}
		Expect(of("httpproxies.projectcontour.io")).To(ConsistOf(requestWeb, requestVoting, requestDefault))
		Expect(of("certificates.cert-manager.io")).To(BeEmpty())
	})

	It("of Linkerd's configuration asks for all", func(ctx SpecContext) {
		Expect(meshingress.All(reconciler, ctx, nil)).To(ConsistOf(requestWeb, requestVoting, requestDefault))
	})

	It("of an object of ours asks for its owner, and for what may have waited for it", func(ctx SpecContext) {
		for _, request := range []reconcile.Request{requestWeb, requestVoting} {
			settle(ctx, builders.MeshIngress(request.Name, request.Namespace))
		}
		o := strangersIngress("web", class.Name, "web-svc")
		translate.Owner{Kind: "MeshIngress", Namespace: namespace, Name: "web"}.Mark([]*unstructured.Unstructured{o})
		Expect(meshingress.OfObject(reconciler, ctx, o)).To(ConsistOf(requestWeb, requestDefault))

		o = strangersIngress("web", class.Name, "web-svc")
		translate.ClassOwner(class).Mark([]*unstructured.Unstructured{o})
		Expect(meshingress.OfObject(reconciler, ctx, o)).To(BeEmpty())
	})

	It("of a stranger's object asks for those beside it, and elsewhere for what may have waited for it", func(ctx SpecContext) {
		for _, request := range []reconcile.Request{requestWeb, requestVoting} {
			settle(ctx, builders.MeshIngress(request.Name, request.Namespace))
		}
		o := strangersIngress("web", class.Name, "web-svc")
		Expect(meshingress.OfObject(reconciler, ctx, o)).To(ConsistOf(requestWeb, requestVoting, requestDefault))
		o.SetNamespace("elsewhere")
		Expect(meshingress.OfObject(reconciler, ctx, o)).To(ConsistOf(requestDefault))

		By("taking one that has changed for waiting")
		change(ctx, builders.MeshIngress(requestVoting.Name, namespace), func(mi *v1alpha1.MeshIngress) {
			mi.Spec.Rules[0].Host = "changed.example.com"
		})
		Expect(meshingress.OfObject(reconciler, ctx, o)).To(ConsistOf(requestVoting, requestDefault))
	})

	It("is logged where the cache cannot answer", func(ctx SpecContext) {
		reconciler.Client = interceptor.NewClient(operator.Client, interceptor.Funcs{
			List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
				return controllertest.ErrInjected
			},
		})
		Expect(meshingress.All(reconciler, ctx, nil)).To(BeEmpty())
	})
})
