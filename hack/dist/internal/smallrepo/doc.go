// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package smallrepo has, in testdata, a repository with all that a release takes from the real
// one, and programs that compile in no time, so that tests can make releases.
package smallrepo
