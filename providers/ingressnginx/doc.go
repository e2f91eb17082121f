// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ingressnginx translates for the community's Ingress NGINX Controller.
//
// ClusterIP routing: Ingresses annotated service-upstream: "true", by which the
// controller connects to the Service's ClusterIP. Header routing, which the
// class must ask for: the controller's proxy-set-headers sends l5d-dst-override
// on every route.
//
// Facts about the controller were read in kubernetes/ingress-nginx at
// controller-v1.15.1 (commit dbb11b92d), the last release before the project
// retired; comments name the path.
package ingressnginx
