// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package olmbundle makes a bundle for the Operator Lifecycle Manager out of the objects
// that kustomize builds: a ClusterServiceVersion, which holds the Deployment and the
// permissions, and beside it the other objects of the installation.
//
// Its layout is "registry+v1", as operator-framework/operator-registry
// docs/design/operator-bundle.md describes it.
package olmbundle
