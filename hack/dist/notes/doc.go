// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package notes makes the notes of a release out of the fragments in docs/changes.
package notes
