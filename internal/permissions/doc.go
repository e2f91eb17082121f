// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package permissions says what the operator may do in a cluster: one list for
// every installation and one list for each vendor, derived from what its provider
// describes. hack/rbac writes them into config/rbac.
//
// The operator writes with server-side apply, so it never needs the verb update
// outside of its own lease. It never reads a Secret. There are no wildcards.
package permissions
