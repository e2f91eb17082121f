// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lifecycle holds no code, only the test of the promise that everything is
// put back: for each vendor and strategy the cluster is, after the last MeshIngress
// and MeshIngressClass are deleted, what it was before the first, but for what its
// users have changed in the meantime.
//
// The whole cluster is compared, managed fields included, except for what
// env.Snapshot leaves out (resourceVersion, generation, the times of managed fields
// and in status, Events) and for two counters of the API server that snapshot_test.go
// names. Where fields of others' objects are set, somebody else wants another value of
// them, too.
//
// The manager is started, as ServiceAccount; kube-controller-manager is not. What
// is put back must be the operator's doing: a garbage collector would remove, by
// their owner references, objects that the operator forgot.
package lifecycle
