// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package watches starts and stops the watches on vendors' kinds while the manager
// runs: a CRD may come late, and may leave.
package watches
