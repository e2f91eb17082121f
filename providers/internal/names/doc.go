// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package names makes names for generated objects.
package names
