// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package story holds the words in which the tests of the vendors tell what happens: the
// MeshIngress web that is given, the objects that are in the cluster, and what comes of
// it, a plan with notices or failures that name fields.
//
// What a vendor's tests say in words of its own stays with them.
package story
