// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package injection decides what an ingress controller's workload needs to be in
// the mesh: it finds the workload and its Services, resolves the ports to skip,
// says what is in the way, merges what several classes ask for, and counts the
// pods that are meshed. It is pure.
package injection
