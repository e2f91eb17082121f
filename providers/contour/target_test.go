// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package contour_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshingress/meshingress/api/v1alpha1"
	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/contour"
	"github.com/meshingress/meshingress/providers/providertest/story"
)

const (
	gateway = `{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {namespace: infra, name: public},
	  spec: {gatewayClassName: contour}}`
	bareClass = `{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: contour},
	  spec: {controllerName: projectcontour.io/gateway-controller}}`
	deployment = `{apiVersion: projectcontour.io/v1alpha1, kind: ContourDeployment, metadata: {namespace: system, name: edge}}`
)

// classNaming is the GatewayClass with parametersRef.
func classNaming(ref string) string {
	return strings.Replace(bareClass, "spec: {", "spec: {parametersRef: "+ref+", ", 1)
}

const (
	toDeployment = "{group: projectcontour.io, kind: ContourDeployment, namespace: system, name: edge}"
	nowhere      = "{group: projectcontour.io, kind: ContourDeployment, name: edge}"
	toOther      = "{group: other.io, kind: ContourDeployment, namespace: system, name: edge}"
	toConfig     = "{group: projectcontour.io, kind: ContourConfiguration, namespace: system, name: edge}"
)

func objects(t *testing.T, documents ...string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for _, document := range documents {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

func TestWhereAnnotationsForGeneratedPodsGo(t *testing.T) {
	envoy := providers.WorkloadFacts{Kind: "DaemonSet", Namespace: "infra", Name: "envoy-public", Labels: generated("envoy-public")}
	elsewhere, plain := envoy, envoy
	elsewhere.Namespace, plain.Labels = "other", map[string]string{"app": "envoy"}
	const target = v1alpha1.InjectionTargetContourDeployment
	for name, tc := range map[string]struct {
		workload providers.WorkloadFacts
		target   v1alpha1.InjectionTarget
		objects  []string
		fails    string // what the error says; empty where the ContourDeployment is found
	}{
		"the ContourDeployment of its Gateway's class": {envoy, target, []string{gateway, classNaming(toDeployment), deployment}, ""},
		"another target":                          {envoy, v1alpha1.InjectionTargetGateway, []string{gateway}, "Workload"},
		"a workload of the manifests":             {plain, target, []string{gateway, classNaming(toDeployment), deployment}, "Workload"},
		"no Gateway of the name in its namespace": {elsewhere, target, []string{gateway, classNaming(toDeployment), deployment}, "other/public"},
		"no GatewayClass":                         {envoy, target, []string{gateway, deployment}, "GatewayClass"},
		"a GatewayClass without parameters":       {envoy, target, []string{gateway, bareClass, deployment}, "spec.parametersRef"},
		"parameters without namespace":            {envoy, target, []string{gateway, classNaming(nowhere), deployment}, "namespace"},
		"parameters of another group":             {envoy, target, []string{gateway, classNaming(toOther), deployment}, "spec.parametersRef"},
		"parameters of another kind":              {envoy, target, []string{gateway, classNaming(toConfig), deployment}, "spec.parametersRef"},
		"a ContourDeployment that is not there":   {envoy, target, []string{gateway, classNaming(toDeployment)}, "system/edge"},
	} {
		t.Run(name, func(t *testing.T) {
			in := providers.ClassInput{Objects: objects(t, tc.objects...)}
			obj, path, err := contour.New().InjectionTarget(in, tc.target, tc.workload)
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("found %v, error %v", obj, err)
				}
				return
			}
			if err != nil || obj.GetKind() != "ContourDeployment" {
				t.Fatalf("found %v, error %v", obj, err)
			}
			story.Diff(t, "path", []string{"spec", "envoy", "podAnnotations"}, path)
		})
	}
}

func TestWhatIsNotServedIsNotAskedFor(t *testing.T) {
	served := providers.Served{}
	for _, k := range contour.New().Describe().Kinds() {
		served[k] = true
	}
	reads := contour.New().ClassReads(providers.ClassInput{Served: served})
	var kinds []string
	for _, r := range reads {
		kinds = append(kinds, r.Kind.Kind)
	}
	story.Diff(t, "reads", []string{"Gateway", "GatewayClass", "ContourDeployment"}, kinds)
	for _, r := range reads {
		delete(served, r.Kind)
		if rest := contour.New().ClassReads(providers.ClassInput{Served: served}); len(rest) > 0 {
			t.Errorf("without %s it asks for %v", r.Kind.Kind, rest)
		}
		served[r.Kind] = true
	}
}
