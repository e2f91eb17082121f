// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package contour translates for Contour (projectcontour/contour) 1.25 and later.
//
// Contour sends requests to pods, never to a ClusterIP, so the only strategy is
// Header: every service of every route of an HTTPProxy sets l5d-dst-override.
// Facts about Contour were read in projectcontour/contour v1.33.8 unless another
// version is named.
package contour
