// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/internal/translate"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
	"github.com/meshingress/meshingress/test/fixtures"
	"github.com/meshingress/meshingress/test/operator"
)

var _ = Describe("A MeshIngress", func() {
	var (
		op        *operator.Operator
		namespace string
	)

	BeforeEach(func(ctx SpecContext) {
		install(ctx, fixtures.Linkerd)
		namespace = createNamespace(ctx, "emojivoto-", nil)
		op = start(ctx)
	})

	forEachVendor("gets what it needs, and gets it back when somebody tampers with it", func(ctx SpecContext, v vendorCase) {
		class := v.class()
		mi := web(namespace, class, builders.WithTemplate(nil, map[string]string{"example.com/team": "emoji"}))
		expect.ExpectApplied(ctx, user, class, mi)
		isProgrammed(ctx, mi)
		first, err := route(ctx, mi, v.kind)
		Expect(err).NotTo(HaveOccurred())
		spec := first.DeepCopy().Object["spec"]

		By("an annotation that is removed")
		patch(ctx, first, `{"metadata":{"annotations":{"example.com/team":null}}}`)
		eventually(ctx, func() (map[string]string, error) {
			o, err := route(ctx, mi, v.kind)
			if err != nil {
				return nil, err
			}
			return o.GetAnnotations(), nil
		}).Should(HaveKeyWithValue("example.com/team", "emoji"))

		By("a spec that is changed")
		patch(ctx, first, v.tamper)
		eventually(ctx, func() (any, error) {
			o, err := route(ctx, mi, v.kind)
			if err != nil {
				return nil, err
			}
			return o.Object["spec"], nil
		}).Should(Equal(spec))

		By("an object that is deleted")
		expect.ExpectDeleted(ctx, user, first)
		eventually(ctx, func() (any, error) {
			o, err := route(ctx, mi, v.kind)
			if err != nil {
				return nil, err
			}
			return o.Object["spec"], nil
		}).Should(Equal(spec))
		isProgrammed(ctx, mi)
	})

	It("follows a Service that comes, changes and goes", func(ctx SpecContext) {
		class := contour().class()
		mi := builders.MeshIngress("late", namespace, builders.WithClass(class.Name),
			builders.WithRule("late.example.com", "/", "late-svc", "http"))
		expect.ExpectApplied(ctx, user, class, mi)
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "False InvalidBackend")

		service := builders.Service(namespace, "late-svc", builders.ServicePort("http", 80))
		create(ctx, service)
		isProgrammed(ctx, mi)
		Expect(destinations(ctx, mi)).To(ConsistOf("late-svc." + namespace + ".svc.cluster.local:80"))

		change(ctx, service, func(s *corev1.Service) { s.Spec.Ports[0].Port = 8080 })
		eventually(ctx, destinations, mi).Should(ConsistOf("late-svc." + namespace + ".svc.cluster.local:8080"))

		change(ctx, service, func(s *corev1.Service) { s.Spec.Ports[0].Name = "other" })
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "False InvalidBackend")

		change(ctx, service, func(s *corev1.Service) { s.Spec.Ports[0].Name = "http" })
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "True ResolvedRefs")

		expect.ExpectDeleted(ctx, user, service)
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "False InvalidBackend")
	})

	It("waits for its class, and says so when the class goes", func(ctx SpecContext) {
		class := traefik().class()
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, mi)
		becomes(ctx, mi, v1alpha1.ConditionAccepted, "False ClassNotFound")
		expect.ExpectApplied(ctx, user, class)
		isProgrammed(ctx, mi)
		expect.ExpectDeleted(ctx, user, class)
		becomes(ctx, mi, v1alpha1.ConditionAccepted, "False ClassNotFound")
	})

	It("moves with the mark of the default class", func(ctx SpecContext) {
		install(ctx, fixtures.IngressNginx) // routes stay until the next controller is found
		one, other := traefik().class(builders.AsDefault()), ingressNginx().class()
		mi := web(namespace, nil)
		expect.ExpectApplied(ctx, user, one, other, mi)
		eventually(ctx, generatedNames, mi).Should(ConsistOf(oursIn("ingressroutes.traefik.io", namespace)))

		patch(ctx, one, fmt.Sprintf(`{"metadata":{"annotations":{%q:null}}}`, v1alpha1.DefaultClassAnnotation))
		becomes(ctx, mi, v1alpha1.ConditionAccepted, "False ClassNotFound")
		patch(ctx, other, fmt.Sprintf(`{"metadata":{"annotations":{%q:"true"}}}`, v1alpha1.DefaultClassAnnotation))
		eventually(ctx, generatedNames, mi).Should(ConsistOf(oursIn("ingresses.networking.k8s.io", namespace)))
		isProgrammed(ctx, mi)
	})

	It("is served once its Namespace has the labels that the class asks for", func(ctx SpecContext) {
		class := traefik().class(builders.WithAllowedNamespaces(map[string]string{"team": "emoji"}))
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, class, mi)
		becomes(ctx, mi, v1alpha1.ConditionAccepted, "False NamespaceNotAllowed")
		patch(ctx, builders.Namespace(namespace), `{"metadata":{"labels":{"team":"emoji"}}}`)
		isProgrammed(ctx, mi)
		patch(ctx, builders.Namespace(namespace), `{"metadata":{"labels":{"team":null}}}`)
		becomes(ctx, mi, v1alpha1.ConditionAccepted, "False NamespaceNotAllowed")
	})

	Describe("whose route an older one has", func() {
		var older, younger *v1alpha1.MeshIngress

		BeforeEach(func(ctx SpecContext) {
			labels := map[string]string{"team": "emoji"}
			class := traefik().class(builders.WithAllowedNamespaces(labels))
			patch(ctx, builders.Namespace(namespace), `{"metadata":{"labels":{"team":"emoji"}}}`)
			// Of two that are made in one second the name of the Namespace decides.
			older = web(createNamespace(ctx, "a-", labels), class)
			expect.ExpectApplied(ctx, user, class, older)
			isProgrammed(ctx, older)
			younger = web(namespace, class)
			expect.ExpectApplied(ctx, user, younger)
			becomes(ctx, younger, v1alpha1.ConditionAccepted, "False RouteTaken")
			rests(ctx, op)
		})

		It("is served when that is deleted", func(ctx SpecContext) {
			expect.ExpectDeleted(ctx, user, older)
			isProgrammed(ctx, younger)
		})

		It("is served when that has another host", func(ctx SpecContext) {
			change(ctx, older, func(mi *v1alpha1.MeshIngress) { mi.Spec.Rules[0].Host = "other.example.com" })
			isProgrammed(ctx, younger)
		})

		It("is served when that may not use the class any more", func(ctx SpecContext) {
			patch(ctx, builders.Namespace(older.Namespace), `{"metadata":{"labels":{"team":null}}}`)
			becomes(ctx, older, v1alpha1.ConditionAccepted, "False NamespaceNotAllowed")
			isProgrammed(ctx, younger)
		})
	})

	It("hears of a stranger's route for its host, in whatever Namespace", func(ctx SpecContext) {
		class := contour().class()
		theirs := strangersProxy(createNamespace(ctx, "theirs-", nil), "example.com")
		// Without the header it would also be the class's business.
		Expect(unstructured.SetNestedSlice(theirs.Object, []any{map[string]any{
			"services":             []any{map[string]any{"name": "web-svc", "port": int64(80)}},
			"requestHeadersPolicy": map[string]any{"remove": []any{linkerd.OverrideHeader}},
		}}, "spec", "routes")).To(Succeed())
		expect.ExpectApplied(ctx, user, class)
		create(ctx, theirs)
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, mi)
		becomes(ctx, mi, v1alpha1.ConditionAccepted, "False Unsupported")
		rests(ctx, op)
		expect.ExpectDeleted(ctx, user, theirs)
		isProgrammed(ctx, mi)
	})

	It("hears of a stranger's object in the place of its own, and when that goes", func(ctx SpecContext) {
		class := traefik().class()
		mi := web(namespace, class)
		theirs := strangersIngressRoute(mi, class)
		create(ctx, theirs)
		expect.ExpectApplied(ctx, user, class, mi)
		becomes(ctx, mi, v1alpha1.ConditionProgrammed, "False ObjectConflict")
		rests(ctx, op)
		expect.ExpectDeleted(ctx, user, theirs)
		isProgrammed(ctx, mi)
	})

	It("has the host of one that is gone, although the cache still holds its route", func(ctx SpecContext) {
		class := contour().class()
		older := web(createNamespace(ctx, "a-", nil), class)
		expect.ExpectApplied(ctx, user, class, older)
		isProgrammed(ctx, older)
		younger := web(namespace, class)
		expect.ExpectApplied(ctx, user, younger)
		becomes(ctx, younger, v1alpha1.ConditionAccepted, "False RouteTaken")
		rests(ctx, op)

		release := op.Watches.Hold("/apis/projectcontour.io/v1/httpproxies")
		DeferCleanup(release)
		expect.ExpectDeleted(ctx, user, older)
		becomes(ctx, younger, v1alpha1.ConditionAccepted, "False Unsupported")
		rests(ctx, op)
		release()
		isProgrammed(ctx, younger)
	})

	It("says what the vendor says of its route", func(ctx SpecContext) {
		class := contour().class()
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, class, mi)
		isProgrammed(ctx, mi)
		setVerdict(ctx, mi, "invalid")
		becomes(ctx, mi, v1alpha1.ConditionProgrammed, "False NotAccepted")
		setVerdict(ctx, mi, "valid")
		isProgrammed(ctx, mi)
	})

	It("carries the cluster domain of Linkerd, as that is changed", func(ctx SpecContext) {
		class := contour().class()
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, class, mi)
		eventually(ctx, overrideHeader, mi).Should(Equal("web-svc." + namespace + ".svc.cluster.local:80"))
		setLinkerdValues(ctx, "clusterDomain: mesh.example\nlinkerdVersion: edge-26.8.3\n")
		eventually(ctx, overrideHeader, mi).Should(Equal("web-svc." + namespace + ".svc.mesh.example:80"))
		eventually(ctx, destinations, mi).Should(ConsistOf("web-svc." + namespace + ".svc.mesh.example:80"))
	})

	It("hears of opaque ports that its Namespace declares", func(ctx SpecContext) {
		class := contour().class()
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, class, mi)
		isProgrammed(ctx, mi)
		declare := func(ports string) {
			patch(ctx, builders.Namespace(namespace),
				fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, linkerd.OpaquePortsAnnotation, ports))
		}
		declare(`"80"`)
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "False InvalidBackend")
		declare("null")
		isProgrammed(ctx, mi)
	})

	It("is looked at again when the cache lagged behind a write", func(ctx SpecContext) {
		class := traefik().class()
		mi := web(namespace, class)
		expect.ExpectApplied(ctx, user, class, mi)
		isProgrammed(ctx, mi)
		rests(ctx, op)

		By("changing the MeshIngress where the operator does not see it yet, and then its Service")
		release := op.Watches.Hold(meshIngressPath)
		DeferCleanup(release)
		patch(ctx, mi, `{"metadata":{"labels":{"edited":"yes"}}}`)
		op.Counter.Reset()
		expect.ExpectDeleted(ctx, user, builders.Service(namespace, "web-svc"))
		eventually(ctx, func() []string { return writes(op) }).Should(ContainElement(HaveSuffix("/meshingresses/web/status")))
		release()
		becomes(ctx, mi, v1alpha1.ConditionResolvedRefs, "False InvalidBackend")
	})
})

// destinations are those of the status.
func destinations(ctx context.Context, mi *v1alpha1.MeshIngress) ([]string, error) {
	current, err := read(ctx, mi)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, r := range current.Status.Routes {
		found = append(found, r.Destination)
	}
	return found, nil
}

// overrideHeader is the value of the header on the only service of an HTTPProxy.
func overrideHeader(ctx context.Context, mi *v1alpha1.MeshIngress) (string, error) {
	proxy, err := route(ctx, mi, "HTTPProxy")
	if err != nil {
		return "", err
	}
	routes, _, err := unstructured.NestedSlice(proxy.Object, "spec", "routes")
	if err != nil || len(routes) != 1 {
		return "", fmt.Errorf("%d routes: %w", len(routes), err)
	}
	services, _, err := unstructured.NestedSlice(routes[0].(map[string]any), "services")
	if err != nil || len(services) != 1 {
		return "", fmt.Errorf("%d services: %w", len(services), err)
	}
	set, _, err := unstructured.NestedSlice(services[0].(map[string]any), "requestHeadersPolicy", "set")
	if err != nil || len(set) != 1 {
		return "", fmt.Errorf("%d headers: %w", len(set), err)
	}
	return set[0].(map[string]any)["value"].(string), nil
}

// setLinkerdValues changes what Linkerd says it was installed with.
func setLinkerdValues(ctx context.Context, values string) {
	GinkgoHelper()
	cm := &corev1.ConfigMap{}
	cm.Namespace, cm.Name = linkerd.DefaultNamespace, linkerd.ConfigMapName
	change(ctx, cm, func(cm *corev1.ConfigMap) { cm.Data["values"] = values })
}

// setVerdict writes what Contour says of the route.
func setVerdict(ctx context.Context, mi *v1alpha1.MeshIngress, verdict string) {
	GinkgoHelper()
	proxy, err := route(ctx, mi, "HTTPProxy")
	Expect(err).NotTo(HaveOccurred())
	proxy.Object["status"] = map[string]any{"currentStatus": verdict, "description": "by a test"}
	Expect(user.Status().Update(ctx, proxy)).To(Succeed())
}

// strangersProxy is an HTTPProxy of the class contour that somebody else made, and
// that lets a client choose the Service.
func strangersProxy(namespace, host string) *unstructured.Unstructured {
	proxy := named("projectcontour.io/v1", "HTTPProxy", namespace, "web")
	proxy.Object["spec"] = map[string]any{
		"ingressClassName": "contour",
		"virtualhost":      map[string]any{"fqdn": host},
		"routes": []any{map[string]any{
			"services": []any{map[string]any{"name": "web-svc", "port": int64(80)}},
		}},
	}
	return proxy
}

// strangersIngressRoute is an IngressRoute that somebody else made, with the name
// that the one of a MeshIngress has.
func strangersIngressRoute(mi *v1alpha1.MeshIngress, class *v1alpha1.MeshIngressClass) *unstructured.Unstructured {
	GinkgoHelper()
	snap := translate.Snapshot{
		AssumeServices: true, Served: providers.Served{}, Linkerd: linkerd.Unknown(),
		Read: func(providers.Read) []*unstructured.Unstructured { return nil },
	}
	for _, k := range registry.Served() {
		snap.Served[k] = true
	}
	objects := translate.MeshIngress(registry, mi, class, snap).Plan.Objects
	Expect(objects).To(HaveLen(1))
	ingressRoute := named("traefik.io/v1alpha1", "IngressRoute", mi.Namespace, objects[0].GetName())
	ingressRoute.Object["spec"] = map[string]any{"routes": []any{}}
	return ingressRoute
}
