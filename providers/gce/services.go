// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package gce

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshingress/meshingress/providers"
	"github.com/meshingress/meshingress/providers/internal/objects"
)

// negKey is the annotation that gives the ports of a Service network endpoint groups,
// by which Google reaches pods (pkg/negannotation/negannotation.go).
const negKey = "cloud.google.com/neg"

// service is what matters to the controller of a Service that was read.
type service struct {
	// beta is true where betaBackendConfigKey is set and backendConfigKey would hide it.
	beta bool

	// unreachable is true where the controller refuses the Service: it must be of type
	// NodePort or LoadBalancer, or have network endpoint groups
	// (pkg/controller/translator/translator.go, maybeEnableNEG).
	unreachable bool
}

// servicesOf looks at the Services that were read, by name.
func servicesOf(in providers.Input) map[string]service {
	all := map[string]service{}
	for _, obj := range in.Objects {
		if !objects.Is(obj, providers.KindService) || obj.GetNamespace() != in.Namespace {
			continue
		}
		_, beta := obj.GetAnnotations()[betaBackendConfigKey]
		all[obj.GetName()] = service{beta: beta, unreachable: !hasNodePort(obj) && !hasNEG(obj)}
	}
	return all
}

func hasNodePort(obj *unstructured.Unstructured) bool {
	t, _, _ := unstructured.NestedString(obj.Object, "spec", "type")
	return t == string(corev1.ServiceTypeNodePort) || t == string(corev1.ServiceTypeLoadBalancer)
}

// hasNEG reads {"ingress": true}.
func hasNEG(obj *unstructured.Unstructured) bool {
	var neg struct {
		Ingress bool `json:"ingress"`
	}
	err := json.Unmarshal([]byte(obj.GetAnnotations()[negKey]), &neg)
	return err == nil && neg.Ingress
}
