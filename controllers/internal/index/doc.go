// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package index declares how MeshIngresses are found in the cache.
package index
