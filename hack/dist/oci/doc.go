// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package oci makes OCI images out of files, without a registry and without Docker, and
// writes them where other tools take them from: an OCI layout with all platforms of an
// image, and an archive for each platform.
package oci
