// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gatewayapi translates for any implementation of the Gateway API
// (kubernetes-sigs/gateway-api).
//
// The Gateway API does not say whether requests go to pods or to a ClusterIP, and most
// implementations take the pods. So the only strategy is Header: every rule of every
// HTTPRoute and GRPCRoute sets l5d-dst-override. Facts about the API were read in
// kubernetes-sigs/gateway-api v1.6.1 unless another version is named.
package gatewayapi
