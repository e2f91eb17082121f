// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package envoygateway translates for Envoy Gateway (envoyproxy/gateway).
//
// Envoy Gateway reads the Gateway API. Since version 1.1 it sends requests to the
// ClusterIP of a Service where an EnvoyProxy says spec.routingType: Service, and since
// 1.8 where a BackendTrafficPolicy does; before, and without, it takes the pods, and
// each rule sets l5d-dst-override. Facts were read in envoyproxy/gateway v1.9.0 unless
// another version is named.
package envoygateway
