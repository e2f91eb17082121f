// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package conformance holds no code, only the test that a real API server, with the
// CRDs of the vendors' own releases, takes everything that a provider plans in its
// golden cases, and for what providertest.Conformance asks.
package conformance
