// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gobuild builds the programs of a release: static, and the same bytes in whatever
// directory and at whatever time, as long as the sources and the version of Go are the same.
package gobuild
