// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package watched says in which namespaces the operator works.
package watched
