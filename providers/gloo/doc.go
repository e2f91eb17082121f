// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gloo translates for Gloo (solo-io/gloo) 1.19 and later with its own API,
// also known as Gloo Edge.
//
// Gloo sends requests to pods, never to a ClusterIP, so the only strategy is Header.
// The class chooses what sets l5d-dst-override: the Settings of the installation, for
// every route to a Service, or an option of each route of the generated
// VirtualServices.
// Facts about Gloo were read in solo-io/gloo v1.22.1 unless another version is named,
// those about its build of Envoy in solo-io/envoy-gloo.
package gloo
