// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package expect has the assertions that suites share, each of which fails the
// spec that calls it, and what suites compare with. They read and write through
// the client that they are given; with one that has no cache nothing needs to be
// waited for.
package expect
