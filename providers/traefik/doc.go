// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package traefik is the provider for Traefik 2.x and 3.x.
//
// Routes become IngressRoutes. Where the group traefik.io is served, nativeLB
// makes Traefik connect to the ClusterIP; where only traefik.containo.us is, or
// where the class asks for it, a Middleware sets l5d-dst-override.
//
// Sources are cited as "<path> <version>" of traefik/traefik, unless another
// repository is named.
package traefik
