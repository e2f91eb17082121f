// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers/all"
	"github.com/meshingress/meshingress/test/builders"
)

func randomName() string { return rand.String(8) }

// The rights that classes take, on what the tests name.
var (
	patchDeployment = right{"patch", "apps", "deployments", "team", "ingress"}
	patchDaemonSet  = right{"patch", "apps", "daemonsets", "team", "ingress"}
	patchGateway    = right{"patch", "gateway.networking.k8s.io", "gateways", "team", "public"}
	patchProxies    = right{"patch", "gateway.envoyproxy.io", "envoyproxies", "", ""}
	patchSettings   = right{"patch", "gloo.solo.io", "settings", "team", "settings"}
	patchEnvoys     = right{"patch", "projectcontour.io", "contourdeployments", "", ""}
	createAccounts  = right{"create", "", "serviceaccounts", "team", ""}
)

// patchWorkloads are the rights on workloads wherever they are.
func patchWorkloads() []right {
	var rights []right
	for _, resource := range []string{"deployments", "daemonsets", "statefulsets"} {
		rights = append(rights, right{"patch", "apps", resource, "", ""})
	}
	return rights
}

// Fields that the messages begin with.
const (
	fieldWorkload = "spec.dataPlane.workloads[0]"
	fieldFound    = "spec.dataPlane.workloads"
	fieldTarget   = "spec.dataPlane.injectionTarget"
	fieldGateway  = "spec.gatewayRef"
	fieldRouting  = "spec.routing"
)

type option = builders.ClassOption

// named is a class that names the Deployment team/ingress.
func named(vendor v1alpha1.Vendor, options ...option) *v1alpha1.MeshIngressClass {
	return builders.Class("class-"+randomName(), vendor,
		append([]option{builders.WithWorkload("Deployment", "team", "ingress")}, options...)...)
}

// found is a class that leaves its workload to be found.
func found(vendor v1alpha1.Vendor, options ...option) *v1alpha1.MeshIngressClass {
	return builders.Class("class-"+randomName(), vendor, options...)
}

func traefik(ref v1alpha1.WorkloadReference, options ...option) *v1alpha1.MeshIngressClass {
	options = append(options, builders.WithWorkload(ref.Kind, ref.Namespace, ref.Name))
	return builders.Class("class-"+randomName(), v1alpha1.VendorTraefik, options...)
}

func gateway(class *v1alpha1.MeshIngressClass) {
	class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "team", Name: "public"}}
}

func header(class *v1alpha1.MeshIngressClass) { class.Spec.Routing = v1alpha1.RoutingHeader }

func target(t v1alpha1.InjectionTarget) option {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.InjectionTarget = t }
}

func configMap(class *v1alpha1.MeshIngressClass) {
	class.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{
		ConfigMapRef: &v1alpha1.ObjectKey{Namespace: "team", Name: "controller"},
	}
}

func settings(header v1alpha1.GlooHeader) option {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.Gloo = &v1alpha1.GlooOptions{
			Header: header, SettingsRef: &v1alpha1.ObjectKey{Namespace: "team", Name: "settings"},
		}
	}
}

func gloo(header v1alpha1.GlooHeader) option {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.Gloo = &v1alpha1.GlooOptions{Header: header} }
}

func account(class *v1alpha1.MeshIngressClass) {
	class.Spec.Contour = &v1alpha1.ContourOptions{
		ServiceAccountToken: v1alpha1.ServiceAccountTokenMount, ServiceAccountName: "envoy",
	}
}

func globalConfig(class *v1alpha1.MeshIngressClass) {
	class.Spec.EnRoute = &v1alpha1.EnRouteOptions{Namespace: "team"}
}

// needed is a right without which a class is refused, and the field that is named then.
type needed struct {
	right right
	field string
}

func each(field string, rights ...right) []needed {
	var all []needed
	for _, r := range rights {
		all = append(all, needed{r, field})
	}
	return all
}

var _ = DescribeTable("A class is let in with just the rights on what it reaches",
	func(ctx SpecContext, class *v1alpha1.MeshIngressClass, needs ...[]needed) {
		all := slices.Concat(needs...)
		var rights []right
		for _, n := range all {
			rights = append(rights, n.right)
		}
		Expect(create(ctx, newUser(ctx, rights...), class)).To(Succeed())
		for i, n := range all {
			By("not without " + n.right.String())
			lesser := newUser(ctx, slices.Concat(rights[:i], rights[i+1:])...)
			Expect(create(ctx, lesser, class)).To(BeRefused(n.field))
			Expect(create(ctx, lesser, class)).To(MatchError(ContainSubstring(lesser.name)))
		}
	},
	Entry("a Deployment", named(v1alpha1.VendorTraefik), each(fieldWorkload, patchDeployment)),
	Entry("a DaemonSet", traefik(v1alpha1.WorkloadReference{Kind: "DaemonSet", Namespace: "team", Name: "ingress"}),
		each(fieldWorkload, patchDaemonSet)),
	Entry("a StatefulSet", traefik(v1alpha1.WorkloadReference{Kind: "StatefulSet", Namespace: "team", Name: "ingress"}),
		each(fieldWorkload, right{"patch", "apps", "statefulsets", "team", "ingress"})),
	Entry("two workloads", named(v1alpha1.VendorTraefik, builders.WithWorkload("DaemonSet", "team", "ingress")),
		each("spec.dataPlane.workloads[1]", patchDaemonSet), each(fieldWorkload, patchDeployment)),
	Entry("a workload that is only audited",
		named(v1alpha1.VendorTraefik, builders.WithInjection(v1alpha1.InjectionAudit)), each(fieldWorkload, patchDeployment)),

	Entry("no workload, which may be any", found(v1alpha1.VendorTraefik), each(fieldFound, patchWorkloads()...)),
	Entry("no workload, which nothing is done to",
		found(v1alpha1.VendorTraefik, builders.WithInjection(v1alpha1.InjectionAudit))),
	Entry("none in the cluster", found(v1alpha1.VendorGCE)),

	Entry("a Service, which is only read", named(v1alpha1.VendorTraefik, builders.WithServiceRef("team", "ingress")),
		each(fieldWorkload, patchDeployment),
		each("spec.dataPlane.serviceRef", right{"get", "", "services", "team", "ingress"})),

	Entry("a Gateway", found(v1alpha1.VendorGatewayAPI, gateway, target(v1alpha1.InjectionTargetGateway)),
		each(fieldGateway, patchGateway)),
	Entry("a Gateway and the workload of it", named(v1alpha1.VendorGatewayAPI, gateway),
		each(fieldWorkload, patchDeployment), each(fieldGateway, patchGateway)),
	Entry("a Gateway whose workload is found", found(v1alpha1.VendorGatewayAPI, gateway),
		each(fieldFound, patchWorkloads()...), each(fieldGateway, patchGateway)),

	Entry("a Gateway of Envoy, and no more",
		found(v1alpha1.VendorEnvoyGateway, gateway, header, target(v1alpha1.InjectionTargetGateway)),
		each(fieldGateway, patchGateway)),
	Entry("the EnvoyProxy for ClusterIP routing",
		found(v1alpha1.VendorEnvoyGateway, gateway, target(v1alpha1.InjectionTargetGateway)),
		each(fieldRouting, patchProxies), each(fieldGateway, patchGateway)),
	Entry("the EnvoyProxy for the annotations",
		found(v1alpha1.VendorEnvoyGateway, gateway, header, target(v1alpha1.InjectionTargetEnvoyProxy)),
		each(fieldTarget, patchProxies), each(fieldGateway, patchGateway)),
	Entry("the Namespace of a workload",
		named(v1alpha1.VendorEnvoyGateway, gateway, header),
		each(fieldWorkload, patchDeployment, right{"patch", "", "namespaces", "", "team"}), each(fieldGateway, patchGateway)),
	Entry("the Namespace of a workload that is found",
		found(v1alpha1.VendorEnvoyGateway, gateway, header),
		each(fieldTarget, right{"patch", "", "namespaces", "", ""}), each(fieldGateway, patchGateway)),

	Entry("an Envoy that may be of a ContourDeployment", named(v1alpha1.VendorContour),
		each(fieldWorkload, patchDeployment), each(fieldTarget, patchEnvoys)),
	Entry("an Envoy, and no more", named(v1alpha1.VendorContour, target(v1alpha1.InjectionTargetWorkload)),
		each(fieldWorkload, patchDeployment)),
	Entry("a ServiceAccount beside a workload",
		named(v1alpha1.VendorContour, account, target(v1alpha1.InjectionTargetWorkload)),
		each(fieldWorkload, patchDeployment, createAccounts)),
	Entry("a ServiceAccount beside a workload that is found",
		found(v1alpha1.VendorContour, account, target(v1alpha1.InjectionTargetWorkload)),
		each(fieldFound, patchWorkloads()...),
		each("spec.contour.serviceAccountName", right{"create", "", "serviceaccounts", "", ""})),

	Entry("what the Kong Operator makes a workload of", named(v1alpha1.VendorKong),
		each(fieldWorkload, patchDeployment),
		each(fieldTarget, right{"patch", "gateway-operator.konghq.com", "dataplanes", "", ""}),
		each(fieldTarget, right{"patch", "gateway-operator.konghq.com", "gatewayconfigurations", "", ""})),

	Entry("the ConfigMap of a controller, and one beside it", named(v1alpha1.VendorIngressNginx, configMap),
		each(fieldWorkload, patchDeployment),
		each("spec.ingressNginx.configMapRef",
			right{"patch", "", "configmaps", "team", "controller"}, right{"create", "", "configmaps", "team", ""})),
	Entry("Settings", named(v1alpha1.VendorGloo, settings(v1alpha1.GlooSettings)),
		each(fieldWorkload, patchDeployment), each("spec.gloo.settingsRef", patchSettings)),
	Entry("Settings that nobody looks at", named(v1alpha1.VendorGloo, settings(v1alpha1.GlooTransformation)),
		each(fieldWorkload, patchDeployment), each("spec.gloo.settingsRef", patchSettings)),
	Entry("no Settings", named(v1alpha1.VendorGloo, gloo(v1alpha1.GlooTransformation)),
		each(fieldWorkload, patchDeployment)),
	Entry("a GlobalConfig", named(v1alpha1.VendorEnRoute, globalConfig),
		each(fieldWorkload, patchDeployment),
		each("spec.enRoute.namespace", right{"create", "enroute.saaras.io", "globalconfigs", "team", ""})),
)

var _ = Describe("The rights of a class", func() {
	It("are asked for where the API has a default", func(ctx SpecContext) {
		lesser := newUser(ctx, patchDeployment)
		Expect(create(ctx, lesser, named(v1alpha1.VendorGloo))).
			To(MatchError(ContainSubstring("patch Settings gloo-system/default")))
		Expect(create(ctx, lesser, named(v1alpha1.VendorEnRoute))).
			To(MatchError(ContainSubstring("in namespace default")))
	})

	It("are asked for whatever the vendor, unless its data plane is outside the cluster", func(ctx SpecContext) {
		registry, err := all.New()
		Expect(err).NotTo(HaveOccurred())
		lesser := newUser(ctx)
		for _, p := range registry.All() {
			d := p.Describe()
			class := found(d.Vendor)
			if d.Vendor == v1alpha1.VendorEnvoyGateway || d.Vendor == v1alpha1.VendorGatewayAPI {
				gateway(class)
			}
			refused := create(ctx, lesser, class)
			if d.DataPlane.Outside != "" {
				Expect(refused).NotTo(HaveOccurred(), "vendor %s", d.Vendor)
				continue
			}
			Expect(refused).To(MatchError(ContainSubstring(rightsPolicy)), "vendor %s", d.Vendor)
		}
	})

	It("can all be asked for in one request", func(ctx SpecContext) {
		class := found(v1alpha1.VendorEnvoyGateway, gateway, builders.WithServiceRef("team", "ingress"))
		var rights []right
		for i := range 8 {
			name := fmt.Sprintf("ingress-%d", i)
			builders.WithWorkload("Deployment", "team", name)(class)
			rights = append(rights, right{"patch", "apps", "deployments", "team", name})
		}
		others := []right{
			patchGateway, patchProxies,
			{"patch", "", "namespaces", "", "team"},
			{"get", "", "services", "team", "ingress"},
		}
		Expect(create(ctx, newUser(ctx, slices.Concat(others, rights)...), class)).To(Succeed())
		Expect(create(ctx, newUser(ctx, slices.Concat(others, rights[:7])...), class)).To(
			BeRefused("spec.dataPlane.workloads[7]"))
	})

	It("are no matter for MeshIngresses", func(ctx SpecContext) {
		writer := newUser(ctx, right{"create", v1alpha1.GroupName, "meshingresses", "team", ""})
		mi := builders.MeshIngress("web", "team", builders.WithRule("example.com", "/", "web", 80))
		Expect(writer.Create(ctx, mi)).To(Succeed())
		Expect(testEnv.Client.Delete(ctx, mi)).To(Succeed())
	})
})
