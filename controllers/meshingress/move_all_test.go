// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package meshingress_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/expect"
)

var _ = Describe("A MeshIngress moves", func() {
	registry, err := all.New()
	Expect(err).NotTo(HaveOccurred())
	vendors := registry.All()
	for i, from := range vendors[:len(vendors)-1] {
		It(fmt.Sprintf("from %s to every later vendor and back", from.Describe().Vendor), func(ctx SpecContext) {
			installInfrastructure(ctx)
			untouched := services(ctx)
			home := classOf(ctx, from)
			mi := create(ctx, builders.MeshIngress("web", namespace, builders.WithClass(home.Name),
				builders.WithRule("example.com", "/", "web-svc", 80), builders.WithRule("example.com", "/emoji", "emoji-svc", "prom")))
			arrive(ctx, mi, from)
			for _, to := range vendors[i+1:] {
				move(ctx, mi, classOf(ctx, to), to)
				move(ctx, mi, home, from)
			}
			remove(ctx, mi)
			Expect(routeObjects(ctx)).To(BeEmpty())
			for name, svc := range services(ctx) {
				Expect(svc.Annotations).To(Equal(untouched[name].Annotations), name)
			}
		})
	}
})

// move changes the class, and sees to it that the old routes stay as they are until
// the new controller has accepted the new ones.
func move(ctx context.Context, mi *v1alpha1.MeshIngress, class *v1alpha1.MeshIngressClass, to providers.Provider) {
	GinkgoHelper()
	title := fmt.Sprintf("to %s", to.Describe().Vendor)
	before, beforeFields := versionsOf(routeObjects(ctx)), annotationsOf(services(ctx))
	change(ctx, mi, func(mi *v1alpha1.MeshIngress) { mi.Spec.ClassName = class.Name })
	moving, _ := settle(ctx, mi)
	if _, says := to.(providers.Observer); says && moving.Status.ClassName != class.Name {
		after := versionsOf(routeObjects(ctx))
		for name, version := range before {
			Expect(after).To(HaveKeyWithValue(name, version), title)
		}
		for name, annotations := range beforeFields {
			for key, value := range annotations {
				Expect(services(ctx)[name].Annotations).To(HaveKeyWithValue(key, value), title)
			}
		}
		expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionUnknown, v1alpha1.ReasonMoving)
	}
	arrive(ctx, mi, to)
	for name := range before {
		Expect(routeObjects(ctx)).NotTo(HaveKey(name), title)
	}
}

// arrive lets the controller accept all that is there, and expects that the
// MeshIngress's routes are the vendor's alone.
func arrive(ctx context.Context, mi *v1alpha1.MeshIngress, v providers.Provider) {
	GinkgoHelper()
	settle(ctx, mi)
	for _, o := range routeObjects(ctx) {
		accept(ctx, o)
	}
	arrived, _ := settle(ctx, mi)
	title := fmt.Sprintf("at %s: %+v", v.Describe().Vendor, arrived.Status.Conditions)
	Expect(arrived.Status.ClassName).To(Equal(arrived.Spec.ClassName), title)
	Expect(arrived.Status.Inventory).To(HaveLen(len(routeObjects(ctx))), title)
	Expect(arrived.Status.Inventory).NotTo(BeEmpty(), title)
	expect.ExpectCondition(ctx, user, mi, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
}

// classOf makes a class of a vendor, whose controller was found.
func classOf(ctx context.Context, p providers.Provider) *v1alpha1.MeshIngressClass {
	GinkgoHelper()
	vendor := p.Describe().Vendor
	class := createClass(ctx, vendorCase{vendor: vendor, routing: v1alpha1.RoutingAuto}, func(class *v1alpha1.MeshIngressClass) {
		if vendor == v1alpha1.VendorEnvoyGateway || vendor == v1alpha1.VendorGatewayAPI {
			class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}}
		}
	})
	isFound(ctx, class)
	return class
}

// accept writes what the vendor's controller says of a route that it serves. Kinds
// that are not here say nothing.
func accept(ctx context.Context, o *unstructured.Unstructured) {
	GinkgoHelper()
	text, ok := map[string]string{
		"VirtualServer":  `{state: Valid}`,
		"HTTPProxy":      `{currentStatus: valid}`,
		"VirtualService": `{statuses: {gloo-system: {state: Accepted, reportedBy: gloo}}}`,
		"HTTPRoute":      `{parents: [{controllerName: example.com/c, parentRef: {namespace: infra, name: public}, conditions: [%s]}]}`,
		"BackendTrafficPolicy": `{ancestors: [{controllerName: example.com/c, ancestorRef: {namespace: infra, name: public},
			conditions: [%s]}]}`,
		"Mapping": `{state: Running}`,
		"Ingress": `{loadBalancer: {ingress: [{ip: 192.0.2.1}]}}`,
	}[o.GetKind()]
	if !ok {
		return
	}
	if o.GetKind() == "HTTPRoute" || o.GetKind() == "BackendTrafficPolicy" {
		text = fmt.Sprintf(text, fmt.Sprintf(`{type: Accepted, status: "True", reason: Accepted, message: "", observedGeneration: %[1]d,
			lastTransitionTime: "2026-01-01T00:00:00Z"}, {type: ResolvedRefs, status: "True", reason: ResolvedRefs, message: "",
			observedGeneration: %[1]d, lastTransitionTime: "2026-01-01T00:00:00Z"}`, o.GetGeneration()))
	}
	var status any
	Expect(yaml.Unmarshal([]byte(text), &status)).To(Succeed())
	body, err := json.Marshal(map[string]any{"status": status})
	Expect(err).NotTo(HaveOccurred())
	patch := client.RawPatch(types.MergePatchType, body)
	if err := user.Status().Patch(ctx, o.DeepCopy(), patch); apierrors.IsNotFound(err) { // a CRD without that subresource
		Expect(user.Patch(ctx, o.DeepCopy(), patch)).To(Succeed())
	} else {
		Expect(err).NotTo(HaveOccurred())
	}
}

// infrastructure is what the platform team has beside the controllers.
const infrastructure = `
{apiVersion: v1, kind: Namespace, metadata: {name: infra}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: gloo-system}}
---
{apiVersion: gloo.solo.io/v1, kind: Settings, metadata: {namespace: gloo-system, name: default}, spec: {}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: infra, name: public}
spec:
  gatewayClassName: eg
  listeners: [{name: http, protocol: HTTP, port: 80, allowedRoutes: {namespaces: {from: All}}}]
`

func installInfrastructure(ctx context.Context) {
	GinkgoHelper()
	for _, document := range strings.Split(infrastructure, "\n---\n") {
		o := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(document), &o.Object)).To(Succeed())
		Expect(client.IgnoreAlreadyExists(user.Create(ctx, o))).To(Succeed())
	}
}

func annotationsOf(services map[string]*corev1.Service) map[string]map[string]string {
	found := map[string]map[string]string{}
	for name, svc := range services {
		found[name] = svc.Annotations
	}
	return found
}
