// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rules says what a ServiceAccount may do: what the bindings among a set of
// objects give it, with aggregated ClusterRoles resolved as a cluster would.
package rules
