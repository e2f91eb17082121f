// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command catalog writes what an OLM catalog holds besides the bundles: the package and
// its channels, as the given directories with bundles have them. opm renders the bundles.
//
// The format is that of file-based catalogs: operator-framework/operator-registry
// docs/design/file-based-catalogs.md.
package main
