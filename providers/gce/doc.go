// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gce translates for GCE Ingress (kubernetes/ingress-gce), the controller that
// GKE runs.
//
// It programs a load balancer of Google Cloud, which is outside the cluster: no proxy
// of Linkerd stands beside it, so nothing here makes it part of the mesh. What is
// generated is what the documents of Linkerd show, put right where they are wrong: one
// Ingress, and the BackendConfigs that set l5d-dst-override for real. The provider is no
// RelayAuditor, because no proxy that reads the header is open to the clients.
//
// Facts about the controller were read in kubernetes/ingress-gce v1.41.1; comments name
// the path.
package gce
