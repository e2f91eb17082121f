// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the API networking.meshingress.dev/v1alpha1.
//
// MeshIngressClass is cluster-scoped and the platform team's: it names an
// ingress controller, how requests are routed through the mesh, and what the
// operator may do to the controller's workload. MeshIngress is namespaced and
// the application team's: it declares routes to backend Services.
//
// A field enters this package together with the code that serves it.
//
// +kubebuilder:object:generate=true
// +groupName=networking.meshingress.dev
package v1alpha1
