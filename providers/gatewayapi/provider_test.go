// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gatewayapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gatewayapi"
	"github.com/meshingress/meshingress/providers/providertest"
)

var class = providers.Class{Name: "public", Spec: v1alpha1.MeshIngressClassSpec{
	GatewayRef: &v1alpha1.GatewayReference{ObjectKey: v1alpha1.ObjectKey{Namespace: "infra", Name: "public"}},
}}

func named(kind, namespace, name string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{}
	obj.SetAPIVersion("gateway.networking.k8s.io/v1")
	obj.SetKind(kind)
	obj.SetNamespace(namespace)
	obj.SetName(name)
	return obj
}

func TestTheGatewayCarriesAnnotationsToThePods(t *testing.T) {
	gateway := named("Gateway", "infra", "public")
	in := providers.ClassInput{Class: class, Objects: []*unstructured.Unstructured{named("Gateway", "other", "public"), gateway}}
	obj, path, err := gatewayapi.New().InjectionTarget(in, v1alpha1.InjectionTargetGateway, providers.WorkloadFacts{})
	if err != nil || obj != gateway {
		t.Fatalf("found %v, error %v", obj, err)
	}
	if diff := cmp.Diff([]string{"spec", "infrastructure", "annotations"}, path); diff != "" {
		t.Error(diff)
	}
}

func TestInjectionTargetsThatAreNotThere(t *testing.T) {
	gateway := named("Gateway", "infra", "public")
	for name, tc := range map[string]struct {
		class   providers.Class
		objects []*unstructured.Unstructured
		target  v1alpha1.InjectionTarget
	}{
		"no Gateway":    {class, []*unstructured.Unstructured{named("Gateway", "infra", "other")}, v1alpha1.InjectionTargetGateway},
		"no gatewayRef": {providers.Class{}, []*unstructured.Unstructured{gateway}, v1alpha1.InjectionTargetGateway},
		"an EnvoyProxy": {class, []*unstructured.Unstructured{gateway}, v1alpha1.InjectionTargetEnvoyProxy},
	} {
		t.Run(name, func(t *testing.T) {
			in := providers.ClassInput{Class: tc.class, Objects: tc.objects}
			if obj, _, err := gatewayapi.New().InjectionTarget(in, tc.target, providers.WorkloadFacts{}); err == nil {
				t.Errorf("found %v", obj)
			}
		})
	}
}

// Everything that is read or written is in the description, or it is not watched.
func TestTheClassReadsWhatIsDescribed(t *testing.T) {
	p := gatewayapi.New()
	served := providers.Served{}
	for _, k := range p.Describe().Kinds() {
		served[k] = true
	}
	if reads := p.ClassReads(providers.ClassInput{Class: class, Served: served}); len(reads) != 2 {
		t.Errorf("reads: %v", reads)
	}
	if reads := p.ClassReads(providers.ClassInput{Class: class}); len(reads) != 0 {
		t.Errorf("reads of what is not served: %v", reads)
	}
}

func TestEveryWayHasACase(t *testing.T) {
	ways, err := providertest.Ways(gatewayapi.New(), "testdata")
	if err != nil || len(ways) != 1 {
		t.Errorf("ways %v, error %v", ways, err)
	}
}
