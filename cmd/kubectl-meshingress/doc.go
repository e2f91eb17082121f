// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-meshingress is a kubectl plugin that shows what the operator
// would do, without a cluster:
//
//	kubectl meshingress render -f manifests/
//
// It exits with 0; with 1 where a MeshIngress or MeshIngressClass has errors; and
// with 2 where the input or the command line cannot be used.
package main
