// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command bundle writes the OLM bundle of a release: the directory that a catalog is
// made of, and next to it, as <directory>.Dockerfile, the recipe of its image.
package main
