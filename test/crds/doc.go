// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crds embeds the CustomResourceDefinitions of the vendors whose kinds
// the tests create. The YAML is copied verbatim from each vendor's module, so a
// test against it fails when we write a field that the vendor does not have.
// README.md lists where every file comes from.
package crds
