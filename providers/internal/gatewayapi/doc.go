// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gatewayapi writes the routes of gateway.networking.k8s.io and reads what
// stands around them, for the vendors that implement the Gateway API. A provider that
// uses it has the kinds it reads in its Description: KindGateway and KindGatewayClass,
// and KindHTTPRoute and KindGRPCRoute where it does not write them.
//
// Facts about the Gateway API were read in kubernetes-sigs/gateway-api v1.6.1.
package gatewayapi
