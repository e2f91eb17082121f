// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package checksums lists the checksums of a directory's files, for sha256sum -c.
package checksums
