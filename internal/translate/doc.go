// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package translate is the pure path from a MeshIngress or a MeshIngressClass to
// a plan: check, choose the strategy, resolve, translate by the vendor's
// provider, mark as owned. Controllers and the command line share it, so that
// what `render` prints is what the operator does.
package translate
