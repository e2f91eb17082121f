// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package traefikv1 translates for Traefik 1.x.
//
// Traefik connects to pods only, so that routing is by header: each Service and port
// has Ingresses of its own, whose custom-request-headers set l5d-dst-override.
//
// Facts were read in traefik/traefik at v1.7.34, the last release of 1.x; comments name
// the path.
package traefikv1
