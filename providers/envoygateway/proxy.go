// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package envoygateway

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/gatewayapi"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// proxyRef names the EnvoyProxy that has the settings of a Gateway.
type proxyRef struct {
	v1alpha1.ObjectKey

	// shared is true where it is the GatewayClass's, and so that of other Gateways.
	shared bool
}

// defaultNamespace is where a GatewayClass's EnvoyProxy is that names no namespace
// (internal/provider/kubernetes/controller.go, processGatewayClassParamsRef).
const defaultNamespace = "default"

// namedProxy is the EnvoyProxy that the class's Gateway names, else its GatewayClass.
// The Gateway's wins, but where the GatewayClass's merges all Gateways into one
// (internal/gatewayapi/contexts.go, attachEnvoyProxy). It need not exist.
func namedProxy(class providers.Class, all []*unstructured.Unstructured) (proxyRef, bool) {
	s := gatewayapi.Survey(class, all)
	ofClass, classHas := proxyOfClass(s)
	if ofGateway, ok := proxyOfGateway(s); ok && (!classHas || !merges(ofClass, all)) {
		return ofGateway, true
	}
	return ofClass, classHas
}

func proxyOfGateway(s gatewayapi.Surroundings) (proxyRef, bool) {
	key, ok := s.ParametersOfGateway(kindEnvoyProxy)
	return proxyRef{ObjectKey: key}, ok
}

func proxyOfClass(s gatewayapi.Surroundings) (proxyRef, bool) {
	key, ok := s.ParametersOfClass(kindEnvoyProxy)
	key.Namespace = cmp.Or(key.Namespace, defaultNamespace)
	return proxyRef{ObjectKey: key, shared: true}, ok
}

func merges(ref proxyRef, all []*unstructured.Unstructured) bool {
	proxy := objects.Find(all, kindEnvoyProxy, ref.Namespace, ref.Name)
	if proxy == nil {
		return false
	}
	merged, _, _ := unstructured.NestedBool(proxy.Object, "spec", "mergeGateways")
	return merged
}

// reads asks for what namedProxy looks at. What is not served is not asked for,
// because it never comes.
func reads(class providers.Class, served providers.Served) []providers.Read {
	all := gatewayapi.SurveyReads(class, served)
	if len(all) > 0 && served.Has(kindEnvoyProxy) {
		all = append(all, providers.Read{Kind: kindEnvoyProxy})
	}
	return all
}

// InjectionTarget finds the class's Gateway, or the EnvoyProxy that it or its
// GatewayClass names: both put annotations on Envoy's pods, and the latter wins
// (internal/infrastructure/kubernetes/proxy/resource_provider.go, getPodAnnotations).
func (Provider) InjectionTarget(
	in providers.ClassInput, target v1alpha1.InjectionTarget, workload providers.WorkloadFacts,
) (*unstructured.Unstructured, []string, error) {
	if target == v1alpha1.InjectionTargetGateway {
		return gatewayapi.InfrastructureTarget(in)
	}
	ref, ok := namedProxy(in.Class, in.Objects)
	if !ok {
		return nil, nil, fmt.Errorf("neither the Gateway nor its GatewayClass names an EnvoyProxy: " +
			"name one in parametersRef, or set spec.dataPlane.injectionTarget to Gateway")
	}
	proxy := objects.Find(in.Objects, kindEnvoyProxy, ref.Namespace, ref.Name)
	if proxy == nil {
		return nil, nil, fmt.Errorf("there is no EnvoyProxy %s/%s, which parametersRef names: create it", ref.Namespace, ref.Name)
	}
	// The CRD wants spec.provider.type beside what is set here.
	if kind, _, _ := unstructured.NestedString(proxy.Object, "spec", "provider", "type"); kind != "Kubernetes" {
		return nil, nil, fmt.Errorf("EnvoyProxy %s/%s has no spec.provider.type: Kubernetes: set it", ref.Namespace, ref.Name)
	}
	return proxy, []string{"spec", "provider", "kubernetes", "envoy" + workload.Kind, "pod", "annotations"}, nil
}
