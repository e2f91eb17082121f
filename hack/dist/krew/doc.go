// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package krew writes the manifest by which krew, the package manager of kubectl's plugins,
// installs the plugin, and has krew itself try it.
package krew
