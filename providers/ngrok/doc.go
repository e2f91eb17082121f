// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ngrok translates for the ngrok Kubernetes Operator (ngrok/ngrok-operator).
//
// Its agent dials the name of a Service, never a pod, so that Linkerd has nothing to be
// told: the only strategy is ClusterIP, and what is generated is an Ingress, or
// HTTPRoutes where the class has a gatewayRef.
//
// Facts about ngrok were read in ngrok/ngrok-operator at ngrok-operator-0.22.0, the
// application of chart 0.24.0; comments name the path.
package ngrok
