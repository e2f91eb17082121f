// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// thorough are the ways that go through every life.
func thorough() []scenario {
	return []scenario{
		traefik("ClusterIP", toClusterIP),
		traefik("header", askedHeader),
		ingressNginx("ClusterIP", toClusterIP),
		ingressNginx("header", askedHeader),
		contour(),
	}
}

// others are the ways that go through one life.
func others() []scenario {
	return []scenario{
		f5Nginx("VirtualServer, ClusterIP", v1alpha1.F5NginxVirtualServer, toClusterIP),
		f5Nginx("VirtualServer, header", v1alpha1.F5NginxVirtualServer, askedHeader),
		f5Nginx("Ingress, ClusterIP", v1alpha1.F5NginxIngress, toClusterIP),
		f5Nginx("Ingress, header", v1alpha1.F5NginxIngress, askedHeader),
		traefikV1(),
		gce(),
		gloo("Settings", v1alpha1.GlooSettings),
		gloo("HeaderManipulation", v1alpha1.GlooHeaderManipulation),
		gloo("Transformation", v1alpha1.GlooTransformation),
		kong("ClusterIP", toClusterIP),
		kong("header", askedHeader),
		kongOperator("ClusterIP, injected by the DataPlane", toClusterIP),
		kongOperator("header, injected by the GatewayConfiguration", askedHeader).ofGateway(),
		haproxy(),
		haproxyIngress("ClusterIP", toClusterIP),
		haproxyIngress("header", askedHeader),
		emissary(),
		enRoute(),
		ngrok(),
		ngrokHTTPRoute(),
		envoyGateway("EnvoyProxy", toClusterIP),
		envoyGatewayPolicy(),
		envoyGateway("header", askedHeader),
		envoyGateway("ClusterIP, injected by the Gateway", toClusterIP).injectedByGateway(),
		envoyGateway("ClusterIP, injected by the EnvoyProxy", toClusterIP).injectedByProxy(),
		gatewayAPI(),
		contourProvisioner(),
	}
}

// byHelm is a vendor that is a workload with a Service in front, which users annotate.
func byHelm(
	vendor v1alpha1.Vendor, name, fixture string, workload, service *unstructured.Unstructured, ports string,
) scenario {
	s := scenario{
		vendor: vendor, name: string(vendor), fixture: fixture,
		workload: workload, target: podTemplate(workload), ports: ports,
		edits: []edit{annotated(workload), beside(podTemplate(workload))},
	}
	if name != "" {
		s.name += ", " + name
	}
	if service != nil {
		s.edits = append(s.edits, annotated(service))
	}
	return s
}

// routed is the same vendor with a way to route.
func (s scenario) routed(w way) scenario {
	s.way = w
	return s
}

func deployment(namespace, name string) *unstructured.Unstructured {
	return named("apps/v1", "Deployment", namespace, name)
}

func service(namespace, name string) *unstructured.Unstructured {
	return named("v1", "Service", namespace, name)
}

func traefik(name string, w way) scenario {
	return byHelm(v1alpha1.VendorTraefik, name, fixtures.Traefik,
		deployment("traefik", "traefik"), service("traefik", "traefik"), "4567,4568,8000,8443").routed(w)
}

func ingressNginx(name string, w way) scenario {
	const ns, controller = "ingress-nginx", "ingress-nginx-controller"
	s := byHelm(v1alpha1.VendorIngressNginx, name, fixtures.IngressNginx,
		deployment(ns, controller), service(ns, controller), "80,443,4567,4568").routed(w)
	s.opts = []builders.ClassOption{func(class *v1alpha1.MeshIngressClass) {
		ref := &v1alpha1.ObjectKey{Namespace: ns, Name: controller}
		class.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{ConfigMapRef: ref}
	}}
	s.edits = append(s.edits, setting(nginxConfigMap(), "yes", "data", "use-gzip"))
	return s
}

func nginxConfigMap() *unstructured.Unstructured {
	return named("v1", "ConfigMap", "ingress-nginx", "ingress-nginx-controller")
}

func contour() scenario {
	const ns = "projectcontour"
	return byHelm(v1alpha1.VendorContour, "header", fixtures.Contour, named("apps/v1", "DaemonSet", ns, "envoy"),
		service(ns, "envoy"), "4567,4568,8080,8443").routed(toHeader)
}

func f5Nginx(name string, routes v1alpha1.F5NginxRoutes, w way) scenario {
	const ns, controller = "nginx-ingress", "nginx-ingress-controller"
	s := byHelm(v1alpha1.VendorF5Nginx, name, fixtures.F5Nginx,
		deployment(ns, controller), service(ns, controller), "80,443,4567,4568").routed(w)
	s.opts = []builders.ClassOption{func(class *v1alpha1.MeshIngressClass) {
		class.Spec.F5Nginx = &v1alpha1.F5NginxOptions{Routes: routes}
	}}
	return s
}

func traefikV1() scenario {
	return byHelm(v1alpha1.VendorTraefikV1, "", fixtures.TraefikV1, deployment("traefik", "traefik"),
		service("traefik", "traefik"), "80,443,4567,4568").routed(toHeader)
}

// backends are the Services that routes go to. Users annotate them, too.
func backends() []edit {
	return []edit{annotated(service("emojivoto", "web-svc")), annotated(service("emojivoto", "emoji-svc"))}
}

func gce() scenario {
	s := byHelm(v1alpha1.VendorGCE, "", fixtures.GCE, deployment("kube-system", "l7-default-backend"),
		service("kube-system", "default-http-backend"), "").routed(toHeader)
	s.outside = true
	s.edits = append(s.edits, backends()...)
	return s
}

func gloo(name string, header v1alpha1.GlooHeader) scenario {
	const ns, proxy = "gloo-system", "gateway-proxy"
	s := byHelm(v1alpha1.VendorGloo, name, fixtures.Gloo, deployment(ns, proxy), service(ns, proxy), "4567,4568,8080,8443").
		routed(toHeader)
	s.opts = []builders.ClassOption{func(class *v1alpha1.MeshIngressClass) {
		class.Spec.Gloo = &v1alpha1.GlooOptions{Header: header}
	}}
	s.edits = append(s.edits, setting(glooSettings(), true, "spec", "devMode"))
	return s
}

func glooSettings() *unstructured.Unstructured {
	return named("gloo.solo.io/v1", "Settings", "gloo-system", "default")
}

func kong(name string, w way) scenario {
	s := byHelm(v1alpha1.VendorKong, name, fixtures.Kong, deployment("kong", "kong-gateway"),
		service("kong", "kong-gateway-proxy"), "4567,4568,8000,8443").routed(w)
	s.edits = append(s.edits, backends()...)
	return s
}

// kongOperator is what the Kong Operator makes of a DataPlane.
func kongOperator(name string, w way) scenario {
	const ns = "infra"
	s := byHelm(v1alpha1.VendorKong, name, fixtures.KongOperator, deployment(ns, "dataplane-public-wx8kd-7sm2q"),
		service(ns, "dataplane-ingress-public-wx8kd-r5nlc"), "4567,4568,8000").routed(w)
	s.owner = named("gateway-operator.konghq.com/v1beta1", "DataPlane", ns, "public-wx8kd")
	s.target = place{s.owner, []string{"spec", "deployment", "podTemplateSpec", "metadata", "annotations"}}
	s.edits = append(s.edits, backends()...)
	s.edits = append(s.edits, beside(s.target).keeping(4))
	return s
}

// ofGateway is the same where the operator made the DataPlane, too.
func (s scenario) ofGateway() scenario {
	s.above = gateway("infra", "public")
	config := named("gateway-operator.konghq.com/v2beta1", "GatewayConfiguration", "infra", "kong")
	s.target = place{config, []string{
		"spec", "dataPlaneOptions", "deployment", "podTemplateSpec", "metadata", "annotations",
	}}
	s.edits[len(s.edits)-1] = beside(s.target).keeping(3)
	return s
}

func haproxy() scenario {
	const ns, name = "haproxy-controller", "haproxy-kubernetes-ingress"
	return byHelm(v1alpha1.VendorHAProxy, "", fixtures.HAProxy, deployment(ns, name), service(ns, name),
		"1024,4567,4568,6060,8080,8443").routed(toHeader)
}

func haproxyIngress(name string, w way) scenario {
	const ns, controller = "ingress-controller", "haproxy-ingress"
	return byHelm(v1alpha1.VendorHAProxyIngress, name, fixtures.HAProxyIngress, deployment(ns, controller),
		service(ns, controller), "80,443,4567,4568").routed(w)
}

func emissary() scenario {
	const ns, name = "emissary", "emissary-ingress"
	return byHelm(v1alpha1.VendorEmissary, "", fixtures.Emissary, deployment(ns, name), service(ns, name), "4567,4568,8080,8443").
		routed(toClusterIP)
}

func enRoute() scenario {
	return byHelm(v1alpha1.VendorEnRoute, "", fixtures.EnRoute, deployment("enroute-demo", "enroute"),
		service("enroute-demo", "enroute"), "4567,4568,8080,8443").routed(toClusterIP)
}
