// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package linkerd

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ServerSpec is the part of a Server that says which ports it is for (linkerd/linkerd2
// charts/linkerd-crds/templates/policy/server.yaml version-2.20).
type ServerSpec struct {
	// PodSelector is nil where the Server is for workloads outside the cluster.
	PodSelector *metav1.LabelSelector `json:"podSelector"`

	// Port of the pods: a number, or the name of a container port.
	Port intstr.IntOrString `json:"port"`
}

// ReadServer reads a Server of policy.linkerd.io, in any version.
func ReadServer(server *unstructured.Unstructured) (ServerSpec, error) {
	var spec ServerSpec
	content, _, err := unstructured.NestedMap(server.Object, "spec")
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(content, &spec)
	}
	if err != nil {
		return ServerSpec{}, fmt.Errorf("reading Server %s/%s: %w", server.GetNamespace(), server.GetName(), err)
	}
	return spec, nil
}
