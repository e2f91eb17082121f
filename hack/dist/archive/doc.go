// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package archive packs files into archives whose bytes depend on nothing but the files and
// the time that it is told.
package archive
