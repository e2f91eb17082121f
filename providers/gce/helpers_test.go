// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce_test

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/gce"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

// input is the MeshIngress emojivoto/web with routes, of a class with options.
func input(options v1alpha1.GCEOptions, routes ...providers.Route) providers.Input {
	class := providers.Class{
		Name: "public", IngressClassName: "public", Spec: v1alpha1.MeshIngressClassSpec{GCE: &options},
	}
	in := story.Input(class, gce.New().Describe().Strategies[0], routes...)
	in.Namespace = "emojivoto"
	return in
}

func backend(service string, port int32) providers.Backend {
	b := story.Backend(service, port)
	b.Namespace = "emojivoto"
	return b
}

// service is a Service of emojivoto as it is in the cluster.
func service(name, serviceType string, annotations map[string]string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"type": serviceType}}}
	obj.SetGroupVersionKind(providers.KindService.GroupVersionKind)
	obj.SetNamespace("emojivoto")
	obj.SetName(name)
	obj.SetAnnotations(annotations)
	return obj
}

func translate(t *testing.T, in providers.Input) providers.Plan {
	t.Helper()
	return story.Translate(t, gce.New(), in)
}

// ingress is the only Ingress of a plan.
func ingress(t *testing.T, plan providers.Plan) networkingv1.Ingress {
	t.Helper()
	var found []networkingv1.Ingress
	for _, obj := range plan.Objects {
		if obj.GetKind() != "Ingress" {
			continue
		}
		found = append(found, *story.Typed[networkingv1.Ingress](t, obj))
	}
	if len(found) != 1 {
		t.Fatalf("got %d Ingresses, want 1: each is a load balancer", len(found))
	}
	return found[0]
}

// attached are the values of the annotation that names BackendConfigs, by Service.
func attached(t *testing.T, plan providers.Plan) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, set := range plan.Fields {
		value, ok, err := unstructured.NestedString(set.Fields, "metadata", "annotations", "cloud.google.com/backend-config")
		if !ok || err != nil || set.Target.Kind != "Service" || set.Target.Namespace != "emojivoto" {
			t.Errorf("fields are set on %+v: %v", set.Target, set.Fields)
		}
		all[set.Target.Name] = value
	}
	return all
}

// failures are type and field of the errors of an input; each must say more.
func failures(t *testing.T, in providers.Input) []story.Failure {
	t.Helper()
	plan, errs := gce.New().Translate(in)
	if len(errs) > 0 && len(plan.Objects)+len(plan.Fields) > 0 {
		t.Errorf("something is planned in spite of %v", errs)
	}
	return story.FailuresOf(t, errs)
}
