// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package meshingress reconciles MeshIngresses: resolve, translate, record, apply,
// prune, observe. It remembers nothing between reconciles but the inventory in the
// status, which names what was written.
package meshingress
