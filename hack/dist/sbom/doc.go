// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sbom says what a program of Go is made of, as an SPDX 2.3 document. It reads that
// from the executable itself: see debug/buildinfo.
package sbom
