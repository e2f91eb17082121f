// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package conditions sets the conditions of both kinds: deterministic messages
// that are bounded and hold no timestamps, and a summary.
package conditions
