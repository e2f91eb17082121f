// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kong translates for the Kong Ingress Controller
// (Kong/kubernetes-ingress-controller) 3.x, with Kong 3.x as its gateway.
//
// ClusterIP routing, the default: Ingresses, and the annotation
// ingress.kubernetes.io/service-upstream on each backend Service. Header routing: one
// Ingress for each backend, with a KongPlugin request-transformer that removes the
// client's l5d-dst-override and adds the backend's.
//
// Facts were read in Kong/kubernetes-ingress-controller v3.5.13 ("KIC" below),
// Kong/kong 3.9.3 and Kong/kubernetes-configuration v1.5.2, which KIC v3.5.13 builds
// on, unless another version is named; of the Kong Operator in Kong/kong-operator v2.2.3.
package kong
