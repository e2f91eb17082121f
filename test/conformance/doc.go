// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package conformance holds no code, only the tests against a real API server with the
// CRDs of the vendors' own releases: it takes everything that a provider plans in its
// golden cases, and for what providertest.Conformance asks; and its resources have the
// scopes by which the permissions are split.
package conformance
