// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package builders makes valid objects for tests, so that a test says only what
// matters to it:
//
//	builders.MeshIngress("web", "emojivoto",
//		builders.WithClass("traefik"),
//		builders.WithRule("example.com", "/", "web-svc", 80))
//
// Ingress controllers, their workloads and Linkerd come from test/fixtures.
package builders
