// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

// badInput is what a user can get wrong in one spec, and what they are told.
type badInput struct {
	vendor vendorCase

	// service is made beside those of emojivoto.
	service func() *corev1.Service

	// spec of the MeshIngress, besides its class.
	spec []builders.MeshIngressOption

	condition, reason string
	message           []string // the field, and a word of the remedy
}

const backendField = "spec.rules[0].paths[0].backends[0].service."

var _ = Describe("Bad input", func() {
	backend := func(v vendorCase, service string, port int, message ...string) badInput {
		return badInput{
			vendor: v, spec: []builders.MeshIngressOption{builders.WithRule("example.com", "/", service, port)},
			condition: v1alpha1.ConditionResolvedRefs, reason: v1alpha1.ReasonInvalidBackend, message: message,
		}
	}
	with := func(b badInput, service func() *corev1.Service) badInput {
		b.service = service
		return b
	}
	unsupported := func(v vendorCase, field, remedy string, spec ...builders.MeshIngressOption) badInput {
		return badInput{
			vendor: v, spec: spec, condition: v1alpha1.ConditionAccepted, reason: v1alpha1.ReasonUnsupported,
			message: []string{field, remedy},
		}
	}
	invalid := func(v vendorCase, field, remedy string, spec ...builders.MeshIngressOption) badInput {
		b := unsupported(v, field, remedy, spec...)
		b.reason = v1alpha1.ReasonInvalid
		return b
	}
	rule := func(mi *v1alpha1.MeshIngress) { builders.WithRule("example.com", "/", "web-svc", 80)(mi) }
	annotated := func(key string) builders.MeshIngressOption {
		return builders.WithTemplate(nil, map[string]string{key: "x"})
	}

	DescribeTable("ends in a condition, writes nothing, and leaves what was there",
		func(ctx SpecContext, b badInput) {
			class := createClass(ctx, b.vendor)
			isMeshed(ctx, class, b.vendor)
			if b.service != nil {
				expect.ExpectApplied(ctx, user, b.service())
			}

			By("creating it so")
			bad := withSpec(b.spec...)
			mi := web(class)
			bad(mi)
			first, result := settle(ctx, create(ctx, mi))
			expectRefused(ctx, first, b)
			Expect(first.Status.Inventory).To(BeEmpty())
			Expect(routeObjects(ctx)).To(BeEmpty())
			Expect(result.RequeueAfter).To(BeZero())
			remove(ctx, first)

			By("changing a good one so")
			mi, _ = settle(ctx, create(ctx, web(class)))
			before := versionsOf(routeObjects(ctx))
			change(ctx, mi, bad)
			after, _ := settle(ctx, mi)
			expectRefused(ctx, after, b)
			Expect(versionsOf(routeObjects(ctx))).To(Equal(before))
			Expect(after.Status.Inventory).To(Equal(mi.Status.Inventory))
			Expect(after.Status.Routes).To(Equal(mi.Status.Routes))
			expect.ExpectConditionMessage(ctx, user, mi, v1alpha1.ConditionProgrammed, "before stays")

			By("mending it")
			change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec = web(class).Spec })
			settle(ctx, mi)
			expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
			Expect(versionsOf(routeObjects(ctx))).To(Equal(before))
		},
		Entry("a Service that does not exist",
			backend(ingressNginx(), "nobody", 80, backendField+"name", "create it or correct the name")),
		Entry("a headless Service",
			with(backend(ingressNginx(), "headless", 80, backendField+"name", "add a Service with a ClusterIP"), func() *corev1.Service {
				return builders.HeadlessService(namespace, "headless", builders.ServicePort("http", 80))
			})),
		Entry("an ExternalName Service",
			with(backend(ingressNginx(), "external", 80, backendField+"name", "name a Service with a ClusterIP"), func() *corev1.Service {
				return builders.ExternalNameService(namespace, "external", "example.org")
			})),
		Entry("a port number that the Service does not have",
			backend(traefikClusterIP(), "web-svc", 81, backendField+"port", "80 http", "name one of them")),
		Entry("a port name that the Service does not have", badInput{
			vendor: contour(), spec: []builders.MeshIngressOption{builders.WithRule("example.com", "/", "web-svc", "grpc")},
			condition: v1alpha1.ConditionResolvedRefs, reason: v1alpha1.ReasonInvalidBackend,
			message: []string{backendField + "port", `"grpc"`, "80 http", "name one of them"},
		}),
		Entry("a port that is UDP only",
			with(backend(contour(), "dns", 53, backendField+"port", "53"), func() *corev1.Service {
				return builders.Service(namespace, "dns", corev1.ServicePort{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP})
			})),
		Entry("an opaque port in header routing",
			with(backend(traefikHeader(), "db", 3306, backendField+"port", linkerd.OpaquePortsAnnotation), func() *corev1.Service {
				return builders.Service(namespace, "db", builders.ServicePort("mysql", 3306))
			})),
		Entry("a backend in another namespace",
			unsupported(ingressNginx(), backendField+"namespace", "leave it out", func(mi *v1alpha1.MeshIngress) {
				rule(mi)
				mi.Spec.Rules[0].Paths[0].Backends[0].Service.Namespace = "default"
			})),
		Entry("two weights in Traefik's header routing",
			unsupported(traefikHeader(), "spec.rules[0].paths[0].backends", "routing: ClusterIP",
				builders.WithPath("example.com", "/", v1alpha1.PathTypePrefix,
					builders.WeightedBackend("web-svc", 80, 90), builders.WeightedBackend("emoji-svc", 8801, 10)))),
		Entry("a default backend for Contour",
			unsupported(contour(), "spec.defaultBackend", "add a rule for each host", rule, builders.WithDefaultBackend("web-svc", 80))),
		Entry("a rule for every host for Contour",
			unsupported(contour(), "spec.rules[0].host", "name a host", builders.WithRule("", "/", "web-svc", 80))),
		Entry("an annotation of Linkerd in the template",
			invalid(ingressNginx(), "spec.template.annotations[linkerd.io/inject]", "remove it", rule, annotated("linkerd.io/inject"))),
		Entry("a snippet in the template",
			invalid(ingressNginx(), "spec.template.annotations[nginx.ingress.kubernetes.io/server-snippet]", "remove it",
				rule, annotated("nginx.ingress.kubernetes.io/server-snippet"))),
		Entry("an address for a host", invalid(ingressNginx(), "spec.rules[0].host", "DNS name",
			builders.WithRule("192.0.2.1", "/", "web-svc", 80))),
		Entry("two prefixes that are one", invalid(ingressNginx(), "spec.rules[0].paths[1].path", "Duplicate",
			builders.WithRule("example.com", "/a", "web-svc", 80), builders.WithRule("example.com", "/a/", "web-svc", 80))),
		Entry("what the vendor's provider refuses",
			unsupported(traefikClusterIP(), "spec.template.annotations[kubernetes.io/ingress.class]", "set spec.className",
				rule, annotated("kubernetes.io/ingress.class"))),
	)

	DescribeTable("that could reach the vendor's configuration is refused by the API server",
		func(ctx SpecContext, host, path, field string) {
			err := user.Create(ctx, builders.MeshIngress("web", namespace, builders.WithRule(host, path, "web-svc", 80)))
			Expect(apierrors.IsInvalid(err)).To(BeTrue(), "error: %v", err)
			Expect(err).To(MatchError(ContainSubstring(field)))
			Expect(err).To(MatchError(ContainSubstring("must be")))
		},
		Entry("a host with a backtick", "example.com`", "/", "spec.rules[0].host"),
		Entry("a path with a newline", "example.com", "/a\n", "spec.rules[0].paths[0].path"),
	)
})

// expectRefused expects the condition, and that it reads well enough to be Ready's.
func expectRefused(ctx context.Context, mi *v1alpha1.MeshIngress, b badInput) {
	GinkgoHelper()
	expect.ExpectCondition(ctx, user, mi, b.condition, metav1.ConditionFalse, b.reason)
	expect.ExpectConditionMessage(ctx, user, mi, b.condition, b.message...)
	expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionUnknown, v1alpha1.ReasonPending)
	ready := readyOf(ctx, mi)
	Expect(ready.Status).To(Equal(metav1.ConditionFalse))
	Expect(ready.Reason).To(Equal(b.reason))
	GinkgoWriter.Println(ready.Reason + ": " + ready.Message)
}
