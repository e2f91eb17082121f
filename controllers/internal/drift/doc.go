// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package drift compares what is wanted with what is in the cluster, without
// asking the API server: a no-op apply costs it as much as a real one.
package drift
