// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crdschema looks into the schemas of CustomResourceDefinitions: a vendor's
// newer version is told from an older one by the fields that it serves.
package crdschema
