// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package linkerd is what this program knows of Linkerd: the names of its
// annotations and containers, the rules of its proxy injector, and how to read
// the facts of an installation. It is pure.
package linkerd
