// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/test/builders"
	"github.com/meshingress/meshingress/test/fixtures"
)

// The vendors whose classes have a Gateway.

const gatewayAPIVersion = "gateway.networking.k8s.io/v1"

// attached makes the class one of a Gateway.
func (s scenario) attached(namespace, name string) scenario {
	s.opts = append(s.opts, func(class *v1alpha1.MeshIngressClass) {
		class.Spec.GatewayRef = &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: namespace, Name: name}}
	})
	s.edits = append(s.edits, annotated(gateway(namespace, name)))
	return s
}

func gateway(namespace, name string) *unstructured.Unstructured {
	return named(gatewayAPIVersion, "Gateway", namespace, name)
}

func ngrok() scenario {
	return byHelm(v1alpha1.VendorNgrok, "", fixtures.Ngrok, deployment("ngrok-operator", "ngrok-operator-agent"), nil, "").
		routed(toClusterIP)
}

func ngrokHTTPRoute() scenario {
	const ns, name = "ngrok-operator", "public"
	s := ngrok().attached(ns, name)
	s.name += ", HTTPRoute"
	s.adapt = func(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
		g := gateway(ns, name)
		g.Object["spec"] = map[string]any{"gatewayClassName": "ngrok", "listeners": []any{map[string]any{
			"name": "https", "protocol": "HTTPS", "port": int64(443),
			"tls":           map[string]any{"mode": "Terminate", "options": map[string]any{"ngrok.com/terminate": "edge"}},
			"allowedRoutes": map[string]any{"namespaces": map[string]any{"from": "All"}},
		}}}
		return append(objects, g)
	}
	return s
}

// envoyGateway is injected by the Namespace of its workload, which is the default.
func envoyGateway(name string, w way) scenario {
	const ns, proxy = "envoy-gateway-system", "envoy-infra-public-8d55c10f"
	s := byHelm(v1alpha1.VendorEnvoyGateway, name, fixtures.EnvoyGateway,
		deployment(ns, proxy), service(ns, proxy), "4567,4568,10080").routed(w).attached("infra", "public")
	s.owner = named(gatewayAPIVersion, "GatewayClass", "", "eg")
	s.target = place{named("v1", "Namespace", "", ns), []string{"metadata", "annotations"}}
	s.edits = append(s.edits, annotated(s.target.object), setting(envoyProxy(), int64(2), "spec", "concurrency"))
	return s
}

func envoyProxy() *unstructured.Unstructured {
	return named("gateway.envoyproxy.io/v1alpha1", "EnvoyProxy", "infra", "public")
}

// envoyGatewayPolicy has no EnvoyProxy.
func envoyGatewayPolicy() scenario {
	s := envoyGateway("BackendTrafficPolicy", toClusterIP)
	s.adapt = func(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
		for _, o := range objects {
			if o.GetKind() == "Gateway" {
				unstructured.RemoveNestedField(o.Object, "spec", "infrastructure")
			}
		}
		return slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "EnvoyProxy" })
	}
	s.edits = slices.DeleteFunc(s.edits, func(e edit) bool { return e.object.GetKind() == "EnvoyProxy" })
	return s
}

// injectedByGateway is the same vendor, injected by the annotations of the Gateway's
// infrastructure.
func (s scenario) injectedByGateway() scenario {
	s.opts = append(s.opts, injectionTarget(v1alpha1.InjectionTargetGateway))
	s.target = place{gateway("infra", "public"), []string{"spec", "infrastructure", "annotations"}}
	s.edits = append(s.edits, beside(s.target).keeping(2))
	return s
}

func (s scenario) injectedByProxy() scenario {
	s.opts = append(s.opts, injectionTarget(v1alpha1.InjectionTargetEnvoyProxy))
	s.target = place{envoyProxy(), []string{"spec", "provider", "kubernetes", "envoyDeployment", "pod", "annotations"}}
	s.edits = append(s.edits, beside(s.target).keeping(2))
	return s
}

func injectionTarget(target v1alpha1.InjectionTarget) builders.ClassOption {
	return func(class *v1alpha1.MeshIngressClass) { class.Spec.DataPlane.InjectionTarget = target }
}

// gatewayAPI is NGINX Gateway Fabric, whose Gateway of the fixture has no infrastructure.
func gatewayAPI() scenario {
	s := byHelm(v1alpha1.VendorGatewayAPI, "header", fixtures.GatewayAPI, deployment("infra", "public-nginx"),
		service("infra", "public-nginx"), "80,4567,4568").routed(toHeader).
		attached("infra", "public").injectedByGateway()
	s.owner = gateway("infra", "public")
	s.edits[len(s.edits)-1] = beside(s.target).keeping(1)
	return s
}

// contourProvisioner is Contour's Envoy as its Gateway provisioner makes it, injected by
// the annotations of the ContourDeployment.
func contourProvisioner() scenario {
	const ns, envoy = "infra", "envoy-public"
	s := byHelm(v1alpha1.VendorContour, "header, injected by the ContourDeployment", fixtures.ContourProvisioner,
		named("apps/v1", "DaemonSet", ns, envoy), service(ns, envoy), "4567,4568,8080").routed(toHeader)
	edge := named("projectcontour.io/v1alpha1", "ContourDeployment", "projectcontour", "edge")
	s.target = place{edge, []string{"spec", "envoy", "podAnnotations"}}
	s.edits = append(s.edits, annotated(gateway(ns, "public")), setting(edge, int64(1), "spec", "contour", "kubernetesLogLevel"),
		beside(s.target).keeping(1))
	return s
}
