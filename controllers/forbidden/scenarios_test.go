// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package forbidden_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/internal/linkerd"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/crds"
	"github.com/meshingress/meshingress/test/fixtures"
)

// scenario is a cluster with one class, and a MeshIngress of it. Together the scenarios of
// a vendor need everything that its roles grant.
type scenario struct {
	name    string
	vendor  v1alpha1.Vendor
	fixture string

	// adapt changes the objects of the fixture; may be nil.
	adapt func([]*unstructured.Unstructured) []*unstructured.Unstructured

	// serve changes which kinds are served, and serveAgain takes that back; may be nil.
	serve, serveAgain func(context.Context)

	class []builders.ClassOption
	route []builders.MeshIngressOption

	// meshed is true where the class's pods are in the mesh.
	meshed bool
}

func of(name string, vendor v1alpha1.Vendor, fixture string, opts ...builders.ClassOption) scenario {
	return scenario{name: name, vendor: vendor, fixture: fixture, class: opts}
}

// asksHeader is header routing of a vendor that could do without.
func asksHeader() builders.ClassOption { return builders.WithRouting(v1alpha1.RoutingHeader) }

func (s scenario) routed(opts ...builders.MeshIngressOption) scenario {
	s.route = append(slices.Clone(s.route), opts...)
	return s
}

func (s scenario) adapted(change func([]*unstructured.Unstructured) []*unstructured.Unstructured) scenario {
	s.adapt = change
	return s
}

// objects are those of the fixture, as adapted.
func (s scenario) objects() []*unstructured.Unstructured {
	GinkgoHelper()
	if s.adapt == nil {
		return load(s.fixture)
	}
	return s.adapt(load(s.fixture))
}

func (s scenario) install(ctx context.Context) {
	GinkgoHelper()
	if s.serve != nil {
		s.serve(ctx)
	}
	install(ctx, s.objects())
}

func (s scenario) uninstall(ctx context.Context) {
	GinkgoHelper()
	remove(ctx, s.objects())
	if s.serveAgain != nil {
		s.serveAgain(ctx)
	}
}

func (s scenario) newClass() *v1alpha1.MeshIngressClass {
	return builders.Class("public", s.vendor, s.class...)
}

func (s scenario) newMeshIngress() *v1alpha1.MeshIngress {
	mi := builders.MeshIngress("web", "emojivoto", builders.WithClass("public"))
	for _, opt := range s.route {
		opt(mi)
	}
	if len(s.route) == 0 || len(mi.Spec.Rules) == 0 {
		builders.WithRule("example.com", "/", "web-svc", "http")(mi)
	}
	return mi
}

// scenarios of a vendor.
func scenarios(vendor v1alpha1.Vendor) []scenario {
	return slices.DeleteFunc(allScenarios(), func(s scenario) bool { return s.vendor != vendor })
}

func allScenarios() []scenario {
	return slices.Concat([]scenario{
		of("ClusterIP", v1alpha1.VendorTraefik, fixtures.Traefik),
		of("header", v1alpha1.VendorTraefik, fixtures.Traefik, asksHeader()),
		formerTraefik(of("header, of a former release", v1alpha1.VendorTraefik, fixtures.Traefik, asksHeader())),
		of("header", v1alpha1.VendorTraefikV1, fixtures.TraefikV1),
		of("ClusterIP", v1alpha1.VendorIngressNginx, fixtures.IngressNginx),
		nginxHeader(),
		of("header", v1alpha1.VendorContour, fixtures.Contour),
		of("header, with a token", v1alpha1.VendorContour, fixtures.Contour, contourToken).adapted(withoutAccount),
		of("header, of the provisioner", v1alpha1.VendorContour, fixtures.ContourProvisioner),
		of("header", v1alpha1.VendorGCE, fixtures.GCE),
		of("header", v1alpha1.VendorHAProxy, fixtures.HAProxy),
		of("ClusterIP", v1alpha1.VendorHAProxyIngress, fixtures.HAProxyIngress),
		of("header", v1alpha1.VendorHAProxyIngress, fixtures.HAProxyIngress, asksHeader()),
		of("ClusterIP", v1alpha1.VendorEmissary, fixtures.Emissary).adapted(emissaryHost).
			routed(builders.WithTLS("certificate", "example.com")),
		of("ClusterIP", v1alpha1.VendorEnRoute, fixtures.EnRoute),
	}, variants(), gateways())
}

// variants are of vendors that make different objects as their class asks.
func variants() []scenario {
	var all []scenario
	for _, routes := range []v1alpha1.F5NginxRoutes{v1alpha1.F5NginxVirtualServer, v1alpha1.F5NginxIngress} {
		opt := func(class *v1alpha1.MeshIngressClass) { class.Spec.F5Nginx = &v1alpha1.F5NginxOptions{Routes: routes} }
		all = append(all, of(string(routes), v1alpha1.VendorF5Nginx, fixtures.F5Nginx, opt),
			of(string(routes)+", header", v1alpha1.VendorF5Nginx, fixtures.F5Nginx, opt, asksHeader()))
	}
	for _, header := range []v1alpha1.GlooHeader{v1alpha1.GlooSettings, v1alpha1.GlooHeaderManipulation} {
		opt := func(class *v1alpha1.MeshIngressClass) { class.Spec.Gloo = &v1alpha1.GlooOptions{Header: header} }
		all = append(all, of(string(header), v1alpha1.VendorGloo, fixtures.Gloo, opt))
	}
	return append(all,
		of("ClusterIP", v1alpha1.VendorKong, fixtures.Kong),
		of("header", v1alpha1.VendorKong, fixtures.Kong, asksHeader()),
		of("ClusterIP, of the Kong Operator", v1alpha1.VendorKong, fixtures.KongOperator).adapted(owned("Deployment", "DataPlane")),
		of("header, of a Gateway of the Kong Operator", v1alpha1.VendorKong, fixtures.KongOperator, asksHeader()).
			adapted(owned("Deployment", "DataPlane", "Gateway")),
	)
}

// gateways are of vendors whose classes have a Gateway.
func gateways() []scenario {
	target := func(t v1alpha1.InjectionTarget) builders.ClassOption {
		return func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.InjectionTarget = t }
	}
	const envoy = v1alpha1.VendorEnvoyGateway
	public := attached("infra", "public")
	grpc := builders.WithRule("grpc.example.com", "/emojivoto.v1.EmojiService", "grpc-svc", 8080)
	return []scenario{
		of("Ingress", v1alpha1.VendorNgrok, fixtures.Ngrok),
		of("HTTPRoute", v1alpha1.VendorNgrok, fixtures.Ngrok, attached("ngrok-operator", "public")).adapted(ngrokGateway),
		of("ClusterIP", envoy, fixtures.EnvoyGateway, public).adapted(owned("Deployment", "GatewayClass")),
		of("ClusterIP, by the Gateway", envoy, fixtures.EnvoyGateway, public, target(v1alpha1.InjectionTargetGateway)).
			adapted(owned("Deployment", "GatewayClass")),
		of("ClusterIP, by the EnvoyProxy", envoy, fixtures.EnvoyGateway, public, target(v1alpha1.InjectionTargetEnvoyProxy)).
			adapted(owned("Deployment", "GatewayClass")),
		of("ClusterIP, without EnvoyProxy", envoy, fixtures.EnvoyGateway, public).adapted(withoutEnvoyProxy),
		of("gRPC", envoy, fixtures.EnvoyGateway, public).adapted(withGRPC).routed(grpc),
		of("header", v1alpha1.VendorGatewayAPI, fixtures.GatewayAPI, public, target(v1alpha1.InjectionTargetGateway)),
		of("gRPC", v1alpha1.VendorGatewayAPI, fixtures.GatewayAPI, public).adapted(withGRPC).routed(grpc),
	}
}

func attached(namespace, name string) builders.ClassOption {
	return func(class *v1alpha1.MeshIngressClass) {
		class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: namespace, Name: name}}
	}
}

// nginxHeader sets a ConfigMap of the controller.
func nginxHeader() scenario {
	return of("header", v1alpha1.VendorIngressNginx, fixtures.IngressNginx, asksHeader(), func(class *v1alpha1.MeshIngressClass) {
		ref := &v1alpha1.ObjectKey{Namespace: "ingress-nginx", Name: "ingress-nginx-controller"}
		class.Spec.IngressNginx = &v1alpha1.IngressNginxOptions{ConfigMapRef: ref}
	})
}

// baseScenarios need what every installation grants.
func baseScenarios() []scenario {
	const ns, name = "ingress-nginx", "ingress-nginx-controller"
	nginx := func(text string, opts ...builders.ClassOption) scenario {
		return of(text, v1alpha1.VendorIngressNginx, fixtures.IngressNginx, opts...)
	}
	daemonSet := of("DaemonSet", v1alpha1.VendorContour, fixtures.Contour)
	authorized := nginx("authorization").routed(func(mi *v1alpha1.MeshIngress) {
		mi.Spec.Authorization = &v1alpha1.Authorization{Policy: v1alpha1.AuthorizationEnforce, Clients: []v1alpha1.AuthorizedClient{
			{Network: "10.0.0.0/8"},
		}}
	})
	authorized.meshed = true
	return []scenario{
		nginx("Deployment"), daemonSet, nginxHeader(),
		nginx("StatefulSet", builders.WithWorkload("StatefulSet", ns, name)).adapted(asStatefulSet),
		nginx("Jobs").adapted(annotatedNamespace(map[string]string{
			linkerd.InjectAnnotation: linkerd.InjectEnabled, linkerd.NativeSidecarAnnotation: "false",
		})),
		nginx("inbound policy").adapted(annotatedNamespace(map[string]string{
			linkerd.DefaultInboundPolicyAnnotation: "deny",
		})),
		authorized,
	}
}

// contourToken makes a ServiceAccount.
func contourToken(class *v1alpha1.MeshIngressClass) {
	class.Spec.Contour = &v1alpha1.ContourOptions{
		ServiceAccountToken: v1alpha1.ServiceAccountTokenMount, ServiceAccountName: "mesh",
	}
}

func withoutAccount(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	for _, o := range objects {
		if o.GetKind() == "DaemonSet" {
			unstructured.RemoveNestedField(o.Object, "spec", "template", "spec", "automountServiceAccountToken")
			unstructured.RemoveNestedField(o.Object, "spec", "template", "spec", "serviceAccountName")
		}
	}
	return objects
}

func withoutEnvoyProxy(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	for _, o := range objects {
		if o.GetKind() == "Gateway" {
			unstructured.RemoveNestedField(o.Object, "spec", "infrastructure")
		}
	}
	return slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "EnvoyProxy" })
}

func asStatefulSet(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	for _, o := range objects {
		if o.GetKind() == "Deployment" {
			o.SetKind("StatefulSet")
			for _, field := range []string{"strategy", "minReadySeconds", "progressDeadlineSeconds"} {
				unstructured.RemoveNestedField(o.Object, "spec", field)
			}
			Expect(unstructured.SetNestedField(o.Object, "none", "spec", "serviceName")).To(Succeed())
		}
	}
	return objects
}

func annotatedNamespace(annotations map[string]string) func([]*unstructured.Unstructured) []*unstructured.Unstructured {
	return func(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
		for _, o := range objects {
			if o.GetKind() == "Namespace" {
				o.SetAnnotations(annotations)
			}
		}
		return objects
	}
}

func ngrokGateway(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return append(objects, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
		"metadata": map[string]any{"namespace": "ngrok-operator", "name": "public"},
		"spec": map[string]any{"gatewayClassName": "ngrok", "listeners": []any{map[string]any{
			"name": "https", "protocol": "HTTPS", "port": int64(443),
			"tls":           map[string]any{"mode": "Terminate", "options": map[string]any{"ngrok.com/terminate": "edge"}},
			"allowedRoutes": map[string]any{"namespaces": map[string]any{"from": "All"}},
		}}},
	}})
}

// emissaryHost adds the Host without which no other can be made.
func emissaryHost(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return append(objects, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "getambassador.io/v3alpha1", "kind": "Host",
		"metadata": map[string]any{"namespace": "emissary", "name": "all"}, "spec": map[string]any{"hostname": "*"},
	}})
}

// withGRPC adds a Service that speaks HTTP/2 without TLS.
func withGRPC(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return append(objects, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"namespace": "emojivoto", "name": "grpc-svc"},
		"spec": map[string]any{"ports": []any{map[string]any{
			"name": "grpc", "port": int64(8080), "protocol": "TCP", "appProtocol": "kubernetes.io/h2c",
		}}},
	}})
}

// owned makes the last object of each kind look as if the controller of the next kind's
// had made it.
func owned(kinds ...string) func([]*unstructured.Unstructured) []*unstructured.Unstructured {
	return func(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
		last := func(kind string) *unstructured.Unstructured {
			for _, o := range slices.Backward(objects) {
				if o.GetKind() == kind {
					return o
				}
			}
			Fail("the fixture has no " + kind)
			return nil
		}
		for i, kind := range kinds[:len(kinds)-1] {
			owner := last(kinds[i+1]).DeepCopy()
			owner.SetUID("0e3b0d5c-6d5c-4f7a-9d8e-3d6f0a1b2c3d")
			last(kind).SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, owner.GroupVersionKind())})
		}
		return objects
	}
}

// formerTraefik is what an API server serves with the CRDs of a Traefik before 2.10.
func formerTraefik(s scenario) scenario {
	s.serve = func(ctx context.Context) {
		Expect(testEnv.KeepCRDs(ctx, crds.Traefik, "traefik.containo.us")).To(Succeed())
	}
	s.serveAgain = func(ctx context.Context) { Expect(testEnv.InstallCRDs(ctx, crds.Traefik)).To(Succeed()) }
	return s
}

// mesh writes what the controller of classes would have observed of pods in the mesh.
func mesh(ctx context.Context, class *v1alpha1.MeshIngressClass) {
	GinkgoHelper()
	current := class.DeepCopy()
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(class), current)).To(Succeed())
	meta.SetStatusCondition(&current.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionMeshed, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonMeshed,
		Message: "2/2 pods", ObservedGeneration: current.Generation,
	})
	Expect(admin.Status().Update(ctx, current)).To(Succeed())
}
