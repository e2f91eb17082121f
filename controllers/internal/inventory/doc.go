// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package inventory records what is written for an object, before it is written,
// and says what is to be removed.
package inventory
