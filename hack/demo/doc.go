// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command demo shows the operator at work, on a control plane of its own that it
// starts and stops: three ingress controllers get into the mesh, drift is put
// right, a value of somebody else is left alone, and deletion leaves nothing
// behind. It exits with 1 when any of that does not hold.
//
//	make demo          the whole of it
//	make demo KEEP=1   leaves the cluster running with the samples in it
//
// It runs bin/manager as a process with the permissions of config/rbac, and speaks
// to the cluster with kubectl where a user would.
package main
