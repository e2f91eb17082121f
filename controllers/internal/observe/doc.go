// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package observe reads from the cluster what the pure path wants to see: which
// kinds are served, and what Linkerd says of itself.
package observe
