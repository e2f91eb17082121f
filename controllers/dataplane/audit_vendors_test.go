// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package dataplane_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/controllers/internal/inventory"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// audited is a vendor, or one of its places for the injector's annotations, as an audit
// looks at it.
type audited struct {
	fixture string
	vendor  v1alpha1.Vendor
	opts    []builders.ClassOption

	// prepare changes what is installed; nil for nothing.
	prepare func(SpecContext)

	// writes is the number of objects that Enforce writes.
	writes int
}

func (a audited) class() *v1alpha1.MeshIngressClass {
	return builders.Class("audited", a.vendor, a.opts...)
}

func byHeader(class *v1alpha1.MeshIngressClass) { class.Spec.Routing = v1alpha1.RoutingHeader }

// mountsToken makes the class of a Contour mount a token by a ServiceAccount of its own.
func mountsToken(class *v1alpha1.MeshIngressClass) {
	class.Spec.Contour = &v1alpha1.ContourOptions{ServiceAccountToken: v1alpha1.ServiceAccountTokenMount, ServiceAccountName: "envoy-meshed"}
}

func setsHeaders(class *v1alpha1.MeshIngressClass) {
	class.Spec.Gloo = &v1alpha1.GlooOptions{Header: v1alpha1.GlooHeaderManipulation}
}

func setsSettings(class *v1alpha1.MeshIngressClass) {
	class.Spec.Gloo = &v1alpha1.GlooOptions{Header: v1alpha1.GlooSettings}
}

// ofDataPlane makes the generated Deployment of the Kong Operator look like one.
func ofDataPlane(ctx SpecContext) { own(ctx, kongDataPlane(), object(ctx, kongMade)) }

func ofKongGateway(ctx SpecContext) {
	ofDataPlane(ctx)
	own(ctx, named("gateway.networking.k8s.io", "v1", "Gateway", "infra", "public"), kongDataPlane())
}

// auditedVendors is every vendor with a data plane in the cluster, every target, and
// every class that has settings.
func auditedVendors() map[string]audited {
	options := func(o ...builders.ClassOption) []builders.ClassOption { return o }
	return map[string]audited{
		"ingress-nginx":         {fixture: fixtures.IngressNginx, vendor: v1alpha1.VendorIngressNginx, writes: 1},
		"ingress-nginx, header": {fixture: fixtures.IngressNginx, vendor: v1alpha1.VendorIngressNginx, opts: options(byHeader, withConfigMapRef()), writes: 3},
		"F5 NGINX":              {fixture: fixtures.F5Nginx, vendor: v1alpha1.VendorF5Nginx, writes: 1},
		"Traefik":               {fixture: fixtures.Traefik, vendor: v1alpha1.VendorTraefik, writes: 1},
		"Traefik 1":             {fixture: fixtures.TraefikV1, vendor: v1alpha1.VendorTraefikV1, writes: 1},
		"Gloo":                  {fixture: fixtures.Gloo, vendor: v1alpha1.VendorGloo, opts: options(setsHeaders), writes: 1},
		"Gloo, Settings":        {fixture: fixtures.Gloo, vendor: v1alpha1.VendorGloo, opts: options(setsSettings), writes: 2},
		"Contour":               {fixture: fixtures.Contour, vendor: v1alpha1.VendorContour, writes: 1},
		"Contour, token and ServiceAccount": {
			fixture: fixtures.Contour, vendor: v1alpha1.VendorContour, opts: options(mountsToken, overriding), writes: 2,
		},
		"Contour's provisioner": {fixture: fixtures.ContourProvisioner, vendor: v1alpha1.VendorContour, writes: 1},
		"Kong":                  {fixture: fixtures.Kong, vendor: v1alpha1.VendorKong, writes: 1},
		"Kong's DataPlane":      {fixture: fixtures.KongOperator, vendor: v1alpha1.VendorKong, prepare: ofDataPlane, writes: 1},
		"Kong's Gateway":        {fixture: fixtures.KongOperator, vendor: v1alpha1.VendorKong, prepare: ofKongGateway, writes: 1},
		"HAProxy":               {fixture: fixtures.HAProxy, vendor: v1alpha1.VendorHAProxy, writes: 1},
		"HAProxy Ingress":       {fixture: fixtures.HAProxyIngress, vendor: v1alpha1.VendorHAProxyIngress, writes: 1},
		"Emissary":              {fixture: fixtures.Emissary, vendor: v1alpha1.VendorEmissary, writes: 1},
		"EnRoute":               {fixture: fixtures.EnRoute, vendor: v1alpha1.VendorEnRoute, writes: 2},
		"ngrok":                 {fixture: fixtures.Ngrok, vendor: v1alpha1.VendorNgrok, writes: 1},
		"Envoy Gateway":         {fixture: fixtures.EnvoyGateway, vendor: v1alpha1.VendorEnvoyGateway, opts: options(forGateway), writes: 2},
		"Envoy Gateway, Gateway": {
			fixture: fixtures.EnvoyGateway, vendor: v1alpha1.VendorEnvoyGateway,
			opts: options(forGateway, withTarget(v1alpha1.InjectionTargetGateway)), writes: 2,
		},
		"Envoy Gateway, EnvoyProxy": {
			fixture: fixtures.EnvoyGateway, vendor: v1alpha1.VendorEnvoyGateway,
			opts: options(forGateway, withTarget(v1alpha1.InjectionTargetEnvoyProxy)), writes: 1,
		},
		"Gateway API": {fixture: fixtures.GatewayAPI, vendor: v1alpha1.VendorGatewayAPI, opts: options(forGateway), writes: 1},
		"GCE":         {fixture: fixtures.GCE, vendor: v1alpha1.VendorGCE},
	}
}

func auditEntries() []TableEntry {
	var entries []TableEntry
	for name, a := range auditedVendors() {
		entries = append(entries, Entry(name, a))
	}
	return entries
}

// uninstall deletes what a fixture has, but for Namespaces.
func uninstall(ctx SpecContext, fixture string) {
	GinkgoHelper()
	objects, err := fixtures.Objects(fixture)
	Expect(err).NotTo(HaveOccurred())
	for _, o := range objects {
		if o.GetKind() != "Namespace" {
			Expect(client.IgnoreNotFound(testEnv.Client.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground)))).To(Succeed())
		}
	}
}

// written is what managers of ours own, of all that a class has claimed or made.
func written(ctx SpecContext, class *v1alpha1.MeshIngressClass) []v1alpha1.PlannedWrite {
	GinkgoHelper()
	status := latest(ctx, class).Status
	entries := status.Inventory
	for _, c := range status.Claims {
		entries = inventory.Union(entries, []v1alpha1.InventoryEntry{c.InventoryEntry})
	}
	var all []v1alpha1.PlannedWrite
	for _, e := range entries {
		live := named(e.Group, e.Version, e.Kind, e.Namespace, e.Name)
		if apierrors.IsNotFound(testEnv.Client.Get(ctx, client.ObjectKeyFromObject(live), live)) {
			continue // recorded, and never written
		}
		if fields := owned(ctx, e); len(fields) > 0 {
			all = append(all, v1alpha1.PlannedWrite{InventoryEntry: e, Fields: fields})
		}
	}
	return all
}

func switchTo(ctx SpecContext, class *v1alpha1.MeshIngressClass, in v1alpha1.Injection) {
	GinkgoHelper()
	change(ctx, class, func(c *v1alpha1.MeshIngressClass) { c.Spec.DataPlane.Injection = in })
	settle(ctx, class)
}

var _ = Describe("An audit of a vendor", func() {
	DescribeTable("writes nothing but its status, shows what Enforce then writes, to the field, and everything goes back",
		func(ctx SpecContext, a audited) {
			installLinkerd(ctx)
			install(ctx, a.fixture)
			DeferCleanup(func(ctx SpecContext) { uninstall(ctx, a.fixture) })
			if a.prepare != nil {
				a.prepare(ctx)
			}
			before := snapshot(ctx)
			class := a.class()
			class.Spec.DataPlane.Injection = v1alpha1.InjectionAudit
			Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
			operator.Writes.Reset()
			settle(ctx, class)
			Expect(operator.Writes.Writes()).To(HaveEach(ContainSubstring("/meshingressclasses/audited")))
			expectSame(ctx, before)
			planned := latest(ctx, class).Status.Planned
			Expect(planned).To(HaveLen(a.writes))

			for _, back := range []v1alpha1.Injection{v1alpha1.InjectionAudit, v1alpha1.InjectionIgnore} {
				By("Enforce, and then " + string(back))
				switchTo(ctx, class, v1alpha1.InjectionEnforce)
				Expect(latest(ctx, class).Status.Planned).To(BeEmpty())
				Expect(written(ctx, class)).To(ConsistOf(planned))
				switchTo(ctx, class, back)
				expectSame(ctx, before)
				Expect(latest(ctx, class).Status.Claims).To(BeEmpty())
				Expect(latest(ctx, class).Status.Inventory).To(BeEmpty())
				Expect(latest(ctx, class).Status.Overridden).To(BeEmpty())
				if back == v1alpha1.InjectionAudit {
					Expect(latest(ctx, class).Status.Planned).To(ConsistOf(planned))
				}
			}
			remove(ctx, class)
			expectSame(ctx, before)
		}, auditEntries())

	It("is one of every vendor, and of every target", func() {
		registry, err := all.New()
		Expect(err).NotTo(HaveOccurred())
		seen := map[v1alpha1.Vendor]bool{}
		for _, a := range auditedVendors() {
			seen[a.vendor] = true
		}
		for _, p := range registry.All() {
			Expect(seen).To(HaveKey(p.Describe().Vendor))
		}
	})
})

// setting sets a field of an object as a user does.
func setting(ctx SpecContext, o *unstructured.Unstructured, value any, path ...string) {
	GinkgoHelper()
	edit(ctx, o, func(o *unstructured.Unstructured) {
		Expect(unstructured.SetNestedField(o.Object, value, path...)).To(Succeed())
	})
}

func nginxSettings() *unstructured.Unstructured {
	return named("", "v1", "ConfigMap", "ingress-nginx", "ingress-nginx-controller")
}

var _ = DescribeTable("An audit of a class whose settings others have set says and plans what Enforce then says and writes",
	func(ctx SpecContext, a audited, conflicted string) {
		installLinkerd(ctx)
		install(ctx, a.fixture)
		DeferCleanup(func(ctx SpecContext) { uninstall(ctx, a.fixture) })
		a.prepare(ctx)
		before := snapshot(ctx)
		class := a.class()
		class.Spec.DataPlane.Injection = v1alpha1.InjectionAudit
		Expect(testEnv.Client.Create(ctx, class)).To(Succeed())
		settle(ctx, class)
		expectSame(ctx, before)
		audit := latest(ctx, class).Status
		Expect(audit.Planned).To(HaveLen(a.writes))

		switchTo(ctx, class, v1alpha1.InjectionEnforce)
		enforce := latest(ctx, class).Status
		Expect(written(ctx, class)).To(ConsistOf(audit.Planned))
		for _, kind := range []string{v1alpha1.ConditionConflicted, v1alpha1.ConditionMeshed} {
			one, other := meta.FindStatusCondition(audit.Conditions, kind), meta.FindStatusCondition(enforce.Conditions, kind)
			if conflicted == "" && kind == v1alpha1.ConditionMeshed {
				continue // the one says Audit
			}
			Expect(one == nil).To(Equal(other == nil), kind)
			if one != nil {
				Expect([]string{one.Reason, one.Message}).To(Equal([]string{other.Reason, other.Message}))
				Expect(one.Message).To(ContainSubstring(conflicted))
			}
		}
		switchTo(ctx, class, v1alpha1.InjectionAudit)
		expectSame(ctx, before)
	},
	Entry("a field", audited{
		fixture: fixtures.IngressNginx, vendor: v1alpha1.VendorIngressNginx, opts: []builders.ClassOption{byHeader, withConfigMapRef()},
		prepare: func(ctx SpecContext) { setting(ctx, nginxSettings(), "infra/theirs", "data", "proxy-set-headers") }, writes: 1,
	}, "kubectl-edit"),
	Entry("a field, which is taken over", audited{
		fixture: fixtures.IngressNginx, vendor: v1alpha1.VendorIngressNginx, opts: []builders.ClassOption{byHeader, withConfigMapRef(), overriding},
		prepare: func(ctx SpecContext) { setting(ctx, nginxSettings(), "infra/theirs", "data", "proxy-set-headers") }, writes: 3,
	}, ""),
	Entry("a field, to the same value", audited{
		fixture: fixtures.IngressNginx, vendor: v1alpha1.VendorIngressNginx, opts: []builders.ClassOption{byHeader, withConfigMapRef()},
		prepare: func(ctx SpecContext) {
			setting(ctx, nginxSettings(), "ingress-nginx/meshingress-audited-proxy-set-headers-ffa812d6ab", "data", "proxy-set-headers")
		}, writes: 3,
	}, ""),
	Entry("an object of the name", audited{
		fixture: fixtures.IngressNginx, vendor: v1alpha1.VendorIngressNginx, opts: []builders.ClassOption{byHeader, withConfigMapRef()},
		prepare: func(ctx SpecContext) {
			taken := named("", "v1", "ConfigMap", "ingress-nginx", "meshingress-audited-proxy-set-headers-ffa812d6ab")
			Expect(testEnv.Client.Create(ctx, taken)).To(Succeed())
		}, writes: 1,
	}, "ConfigMap ingress-nginx/meshingress-audited-proxy-set-headers-ffa812d6ab"),
	Entry("no object at all", audited{
		fixture: fixtures.IngressNginx, vendor: v1alpha1.VendorIngressNginx, opts: []builders.ClassOption{byHeader, withConfigMapRef()},
		prepare: func(ctx SpecContext) { Expect(testEnv.Client.Delete(ctx, nginxSettings())).To(Succeed()) },
	}, "there is no ConfigMap ingress-nginx/ingress-nginx-controller"),
	Entry("a field of an EnvoyProxy", audited{
		fixture: fixtures.EnvoyGateway, vendor: v1alpha1.VendorEnvoyGateway, opts: []builders.ClassOption{forGateway},
		prepare: func(ctx SpecContext) {
			setting(ctx, named("gateway.envoyproxy.io", "v1alpha1", "EnvoyProxy", "infra", "public"), "Endpoint", "spec", "routingType")
		},
	}, "spec.routingType"),
	Entry("a field of Gloo's Settings", audited{
		fixture: fixtures.Gloo, vendor: v1alpha1.VendorGloo, opts: []builders.ClassOption{setsSettings},
		prepare: func(ctx SpecContext) {
			setting(ctx, named("gloo.solo.io", "v1", "Settings", "gloo-system", "default"), false, "spec", "linkerd")
		},
	}, "spec.linkerd"),
)
